import { readFileSync } from 'node:fs'
import test from 'ava'
import { concepts, conceptsOf } from '../../corpora/emoji/concepts.ts'
import { phraseSources } from '../../corpora/emoji/phrasing.ts'
import { wordsIn } from '../../corpora/emoji/text.ts'

interface Query {
  id: string
  language: 'en' | 'zh'
  kind: string
  text: string
  split: 'validation' | 'test'
}

/** query id → concept codes by labeller, and the settled list; docs/free-queries.md says how they are made. */
interface Labels {
  labellers: string[]
  labels: Record<string, { by: Record<string, string[]>; relevant: string[] }>
}

const { queries } = read<{ queries: Query[] }>('free-queries.json')
const gallery = new Set((['train', 'val', 'test'] as const).flatMap(conceptsOf).map(({ code }) => code))

test('at least 210 queries a language, in the same eight kinds or more, of 22 and more, half of each kind for validation', (t) => {
  t.is(new Set(queries.map(({ id }) => id)).size, queries.length)
  const kinds = [...new Set(queries.map(({ kind }) => kind))]
  t.true(kinds.length >= 8)
  for (const language of ['en', 'zh']) {
    const own = queries.filter((query) => query.language === language)
    t.true(own.length >= 210)
    t.true(own.every(({ id }) => new RegExp(`^${language}-\\d{3}$`).test(id)))
    t.is(new Set(own.map(({ text }) => plain(text))).size, own.length)
    for (const kind of kinds) {
      const [validation, testing] = (['validation', 'test'] as const).map((split) => own.filter((q) => q.kind === kind && q.split === split).length)
      t.true(validation! + testing! >= 22, `${language} ${kind}`)
      t.true(Math.abs(validation! - testing!) <= 2, `${language} ${kind}`)
    }
  }
  t.is(queries.filter(({ language }) => language !== 'en' && language !== 'zh').length, 0)
})

test('the text is of its language', (t) => {
  for (const { language, text } of queries) t.regex(text, language === 'en' ? /^[A-Za-z' -]+$/ : /^\p{Script=Han}+$/u)
})

test('no query is a name or keyword of a concept or a string of the unseen-phrasing protocols, nor one in other dress', async (t) => {
  t.is(bare('An emoji of the red hearts'), bare('red heart')) // what "other dress" means
  t.is(bare('一只狗的图片'), bare('狗'))
  for (const language of ['en', 'zh'] as const) {
    const words = wordsIn(language)
    const taken = new Set([...concepts().keys()].flatMap((code) => words[code] ?? []).map(bare))
    for (const source of Object.values(phraseSources)) {
      if (source.language === language) for (const [, phrase] of await source.read()) taken.add(bare(phrase))
    }
    t.true(taken.size > 3000)
    const own = queries.filter((query) => query.language === language)
    t.deepEqual(
      own.filter(({ text }) => taken.has(bare(text))).map(({ text }) => text),
      [],
    )
  }
})

test('two labellers for every query; 2 to 74 concepts of the gallery are relevant, each named by one of them', (t) => {
  const { labellers, labels } = read<Labels>('free-queries-labels.json')
  t.true(labellers.length >= 2)
  t.deepEqual(Object.keys(labels).sort(), queries.map(({ id }) => id).sort())
  for (const [id, { by, relevant }] of Object.entries(labels)) {
    t.deepEqual(Object.keys(by).sort(), [...labellers].sort(), id)
    const named = Object.values(by).flat()
    t.deepEqual(
      named.filter((code) => !gallery.has(code)),
      [],
      id,
    )
    t.true(
      relevant.every((code) => named.includes(code)),
      id,
    )
    t.is(new Set(relevant).size, relevant.length, id)
    t.true(relevant.length >= 2 && relevant.length <= gallery.size * 0.05, `${id}: ${relevant.length}`)
  }
})

function read<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../../corpora/emoji/${name}`, import.meta.url), 'utf8')) as T
}

function plain(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, ' ')
    .trim()
}

/** `plain` without frame ("a picture of", "的图标"), articles, Chinese counting words, spaces and the plural's s. */
function bare(text: string): string {
  return plain(text)
    .replace(/^((a|an|the) )?((picture|image|icon|drawing|photo|emoji)s? of )?((a|an|the) )?/, '')
    .replace(/ (picture|image|icon|drawing|photo|emoji)s?$/, '')
    .replace(/^一[个只位张条辆把朵件]/, '')
    .replace(/的?(图片|图标|图画|照片|表情)$/, '')
    .replaceAll(' ', '')
    .replace(/ies$/, 'y')
    .replace(/s$/, '')
}
