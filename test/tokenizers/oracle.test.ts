import { createRequire } from 'node:module'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { toByteLevel } from '../../tokenizers/byte-level.ts'
import { loadTokenizer } from '../../tokenizers/load.ts'
import { countWords, normalizeCaption } from '../../tokenizers/pipeline.ts'
import { trainTokenizer, writeTokenizer } from '../../tokenizers/train.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { LANGUAGES, sampleCaptions } from './cldr.ts'

type Native = typeof import('tokenizers')
const native = createRequire(import.meta.url)('tokenizers') as Native

const AWKWARD = [
  '',
  ' ',
  '\t\n',
  '\u3000',
  '\ufeffdog',
  'do\u200bg',
  'a\u0085b\u2028c\u2029d\u1680e',
  '  two   spaces  ',
  'line\r\nbreak',
  '👨‍👩‍👧‍👦',
  '🏳️‍🌈',
  '👋🏽',
  '🐶 dog 狗',
  '❤️‍🔥❤',
  'a\u0301\u0323',
  'e\u0301',
  'é',
  'ﬁre',
  '½ ² ⅷ',
  'Ｄｏｇ　ｆａｃｅ',
  '＜ｓ＞',
  '<s',
  '< /s>',
  '▁Ġ',
  'ΟΔΥΣΣΕΥΣ ΟΔΟΣ',
  'İstanbul ISI ı',
  'Straße ẞ',
  'DŽ ǅ',
  'ｶﾞｷﾞ',
  'パ\u3099',
  'ラーメン',
  '東京タワーで食べる',
  '我々',
  '時々ネコ',
  '红色的 苹果',
  '红色 de 苹果',
  'T恤',
  '3点半',
  '24小时 2019年',
  '𠮷野家',
  '𪚥',
  '﨑',
  'น้ำแข็ง',
  'น้ำ ตก',
  'สวัสดี ครับ',
  'ພາສາລາວ',
  'မြန်မာ',
  'ភាសាខ្មែរ',
  'क्षत्रिय',
  'हिन्दी‌',
  'سَلَام',
  'ﷺ',
  'لا',
  '한국어',
  '각',
  'ngữ Tiếng Việt',
  'ŷ ÿ þ',
  "l'été d’automne",
  'semi‑hyphen\u00adated',
  '100% (ok)!? …',
  '٣٤٥ १२३',
  'a'.repeat(200),
  '狗'.repeat(200),
  '\u0000\u0001',
  '\u{10ffff}',
  '\u{e0067}',
  '　',
  '·',
  '「引用」、。',
]

for (const algorithm of ['bpe', 'unigram'] as const) {
  test(`${algorithm}: ids equal those of the tokenizers package on captions in 13 languages`, async (t) => {
    const dir = await trained(t, algorithm)
    const tokenizer = await loadTokenizer(dir)
    const oracle = native.Tokenizer.fromFile(join(dir, 'tokenizer.json'))
    const captions = (await Promise.all(LANGUAGES.map((language) => sampleCaptions(language, 385)))).flat()
    t.true(captions.length >= 5000)
    const encodings = await oracle.encodeBatch([...captions, ...AWKWARD])
    for (const [i, text] of [...captions, ...AWKWARD].entries()) {
      const ids = encodings[i]!.getIds()
      if (ids.length <= tokenizer.contextLength) t.deepEqual(tokenizer.encode(text), ids, JSON.stringify(text))
      else t.deepEqual(tokenizer.encode(text), [...ids.slice(0, tokenizer.contextLength - 1), 3], JSON.stringify(text))
      t.false(ids.includes(2), 'bytes spell everything: nothing is unknown')
    }
  })

  test(`${algorithm}: decoding returns the normalised text`, async (t) => {
    const tokenizer = await loadTokenizer(await trained(t, algorithm, 4096))
    for (const language of LANGUAGES) {
      for (const text of await sampleCaptions(language, 40)) {
        t.is(tokenizer.decode(tokenizer.encode(text)), normalizeCaption(text).trim())
      }
    }
    t.is(tokenizer.decode([]), '')
  })
}

test('the trainer cuts captions into the words that the written normalizer and pre-tokenizer make', async (t) => {
  const dir = await trained(t, 'bpe')
  const oracle = native.Tokenizer.fromFile(join(dir, 'tokenizer.json'))
  for (const text of AWKWARD) {
    if (text === '') continue
    const normalized = oracle.getNormalizer()!.normalizeString(text)
    t.is(normalizeCaption(text), normalized, JSON.stringify(text))
    const words = oracle
      .getPreTokenizer()!
      .preTokenizeString(normalized)
      .map(([word]) => word)
    t.deepEqual([...countWords([text]).keys()].map(toByteLevel), [...new Set(words)], JSON.stringify(text))
  }
})

test('a space before a word belongs to the word, a space before Chinese to nobody', (t) => {
  t.is(normalizeCaption('Dog  Face'), ' dog face')
  t.is(normalizeCaption(' 红色 的 Ｔ恤 '), '红色的 t恤')
  t.deepEqual(
    [...countWords(['dog dog 红色的T恤 2019年'])],
    [
      [' dog', 2],
      ['红色的', 1],
      ['t', 1],
      ['恤', 1],
      [' 201', 1],
      ['9', 1],
      ['年', 1],
    ],
  )
})

async function trained(t: ExecutionContext, algorithm: 'bpe' | 'unigram', contextLength = 32): Promise<string> {
  const dir = await temporaryFolder(t)
  const captions = [...(await sampleCaptions('en', 4000)), ...(await sampleCaptions('zh', 4000))]
  await writeTokenizer(dir, trainTokenizer(captions, { vocabSize: 3000, algorithm, contextLength }))
  return dir
}
