import test from 'ava'
import { random } from '../../../base/random.ts'
import { heldOutPhrases, phraseSources } from '../../../corpora/emoji/phrasing.ts'
import { fold } from '../../../corpora/pool/fold.ts'
import { heldOutWords } from '../../../corpora/pool/held-out.ts'
import { heldOutRule } from '../../../corpora/pool/rule.ts'

const rule = heldOutRule({
  names: [
    ['en', 'guitar'],
    ['en', 'T-Rex'],
    ['en', 'person rowing boat'],
    ['en', 'cherry'],
    ['zh', '鸟'],
    ['zh', '吉他'],
    ['ja', 'ギター'],
    ['ko', '기타'],
    ['th', 'กีตาร์'],
    ['fr', 'la guitare'],
    ['ar', 'القيثارة'],
  ],
  keywords: [['en', 'music']],
  phrases: [['en', 'axe of a rocker']],
  queries: [['zh', '弹琴的人']],
})

test('fold: NFKC, lower case, single spaces, no punctuation, no articles of the language', (t) => {
  t.is(fold('The  Snow-Capped MOUNTAIN!', 'en'), 'snow capped mountain')
  t.is(fold('ＡＢＣ　ｄ', 'en'), 'abc d')
  t.is(fold('die Straße', 'de'), 'straße')
  t.is(fold('die Straße', 'en'), 'die straße')
  t.is(fold('l’ours', 'fr'), 'ours')
  t.is(fold('الكلب', 'ar'), 'كلب')
  t.is(fold('a the', 'en'), '')
})

const dropped: [string, string, string][] = [
  ['guitar', 'en', 'name'],
  ['A Guitar', 'en', 'name'],
  ['t rex', 'en', 'name'],
  ['TREX', 'en', 'name'],
  ['Music!', 'en', 'keyword'],
  ['axe of a rocker', 'en', 'unseen phrasing'],
  ['弹琴的人', 'zh', 'free query'],
  ['the old guitar on a wall', 'en', 'contains a name'],
  ['two guitars', 'en', 'contains a name'],
  ['ripe cherries', 'en', 'contains a name'],
  ['a person rowing a boat at night', 'en', 'contains a name'],
  ['一把吉他和鼓', 'zh', 'contains a name'],
  ['吉他手', 'zh', 'contains a name'],
  ['エレキギター', 'ja', 'contains a name'],
  ['기타를 치다', 'ko', 'contains a name'],
  ['เล่นกีตาร์', 'th', 'contains a name'],
  ['une vieille guitare', 'fr', 'contains a name'],
  ['قيثارة كبيرة', 'ar', 'contains a name'],
  ['guitar', 'de', 'name'],
  ['鸟', 'zh', 'name'],
  ['…', 'en', 'empty'],
]
for (const [text, language, reason] of dropped) test(`dropped: ${text} (${language}), ${reason}`, (t) => t.is(rule(text, language), reason as never))

const kept: [string, string][] = [
  ['guitarist', 'en'],
  ['music hall', 'en'],
  ['a boat', 'en'],
  ['person rowing', 'en'],
  ['鸟巢', 'zh'], // a name of one character drops nothing but itself
  ['钢琴', 'zh'],
  ['axe of a rocker in red', 'en'],
]
for (const [text, language] of kept) test(`kept: ${text} (${language})`, (t) => t.is(rule(text, language), undefined))

test('a name in any words around it is dropped, in any case, with any articles', (t) => {
  const next = random(5)
  const pick = <T>(list: readonly T[]) => list[Math.floor(next() * list.length)]!
  const around = ['red', 'old', 'on', 'with', 'dog', 'stone', 'the', 'a']
  for (let i = 0; i < 500; i++) {
    const words = Array.from({ length: Math.floor(next() * 5) }, () => pick(around))
    words.splice(Math.floor(next() * (words.length + 1)), 0, pick(['guitar', 'GUITARS', 'the Guitar', 'person rowing a boat']))
    t.truthy(rule(words.join(pick([' ', '  ', ', '])), 'en'), words.join(' '))
  }
})

test('agrees with patterns written out, on random sentences', (t) => {
  const next = random(6)
  const vocabulary = ['guitar', 'guitarist', 'person', 'rowing', 'boat', 'music', 'cherry', 'pie', 'rex', 't']
  for (let i = 0; i < 2000; i++) {
    const text = Array.from({ length: 1 + Math.floor(next() * 4) }, () => vocabulary[Math.floor(next() * vocabulary.length)]!).join(' ')
    const plain = /\bguitars?\b|\bcherry\b|\bperson rowing boat\b|\bt rex\b|^music$/.test(text)
    t.is(rule(text, 'en') !== undefined, plain, text)
  }
})

test('the emoji corpus: names and keywords of all its languages, phrasings as the protocols have them', async (t) => {
  const words = heldOutWords()
  t.is(new Set(words.names.map(([language]) => language)).size, 13)
  t.true(words.names.some(([language, name]) => language === 'zh' && name === '吉他'))
  t.false(words.names.some(([, name]) => name === 'dog face')) // a train concept
  t.true(words.queries.length >= 400)
  const expected = new Set<string>()
  for (const [source, { language }] of Object.entries(phraseSources)) {
    for (const texts of (await heldOutPhrases(source)).values()) for (const text of texts) expected.add(`${language} ${text}`)
  }
  t.deepEqual(new Set(words.phrases.map((pair) => pair.join(' '))), expected)
})
