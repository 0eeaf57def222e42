import test from 'ava'
import type { Pool } from '../../../corpora/pool/open.ts'
import type { Tokenizer } from '../../../tokenizers/load.ts'
import { pictureSet } from '../../../training/data/picture-set.ts'
import { poolSet } from '../../../training/data/pool-set.ts'
import { sampler } from '../../../training/data/sampler.ts'
import { seats } from '../../../training/data/unpaired-sampler.ts'

const pool = (rows: Pool['rows'], languages: string[]): Pool => ({ rows, languages, sources: [], hasCedict: true })
/** Spells everything but capital X. */
const tokenizer = {
  ...({ vocabSize: 300, contextLength: 8, padId: 0, bosId: null, eosId: null } as const),
  unkIds: [1],
  encode: (text: string) => Array.from(text, (letter) => (letter === 'X' ? 1 : letter.charCodeAt(0))),
} as Tokenizer

test('a text that the teacher cannot spell has its English counterpart as target, or is left out; both are counted', (t) => {
  const rows: Pool['rows'] = [{ en: 'apple', zh: 'pX' }, { zh: 'Xx' }, { zh: 'li' }, { en: 'Xylophone', zh: 'muX' }, { en: 'pear', zh: 'li' }]
  const { set, counts } = poolSet(pool(rows, ['en', 'zh']), { tokenizer, seed: 1 })
  t.deepEqual(counts, [
    { language: 'en', texts: 2, throughEnglish: 0, dropped: 1 },
    { language: 'zh', texts: 2, throughEnglish: 1, dropped: 2 },
  ])
  const target = (text: string) => set.texts[set.targets![set.texts.indexOf(text)]!]
  t.is(target('pX'), 'apple')
  t.is(target('li'), 'li')
  t.is(target('apple'), 'apple')
  t.deepEqual(
    set.unpaired.map((texts) => Array.from(texts, (text) => set.texts[text]!)),
    [
      ['apple', 'pear'],
      ['pX', 'li'],
    ],
  )
  t.is(set.count, 4)
})

test('a counterpart that stands in no text drawn is embedded, but never drawn', (t) => {
  const rows: Pool['rows'] = [{ en: 'apple', zh: 'pX' }, ...Array.from({ length: 30 }, (_, i) => ({ en: `word ${i}` }))]
  const { set } = poolSet(pool(rows, ['en', 'zh']), { tokenizer, seed: 1, limit: 8 })
  t.is(set.count, 8)
  const learnt = new Set(set.unpaired.flatMap((texts) => [...texts]))
  for (const [text, target] of set.targets!.entries()) if (!learnt.has(text)) t.true(set.targets!.includes(text) && target === text)
  t.true(set.texts.includes('apple'))
})

test('seats follow the square roots of the sizes; none is empty, none is more than there are', (t) => {
  t.deepEqual(seats([10_000, 100], 11), [10, 1])
  t.deepEqual(seats([10_000, 100], 110), [100, 10])
  t.deepEqual(seats([1_000_000, 2], 64), [63, 1])
  t.deepEqual(seats([5, 3], 100), [5, 3])
  t.deepEqual(seats([100, 0], 10), [10, 0])
})

test('every batch has every language; each text comes once before any comes again; the same step gives the same batch', (t) => {
  const rows = [...Array.from({ length: 90 }, (_, i) => ({ en: `a${i}` })), ...Array.from({ length: 10 }, (_, i) => ({ th: `b${i}` }))]
  const { set } = poolSet(pool(rows, ['en', 'th']), { seed: 1 })
  const draws = sampler(set, 12, 7)
  const [english, thai] = set.unpaired.map((texts) => new Set(texts))
  const seen: number[] = []
  for (let step = 0; step < 10; step++) {
    const { captions } = draws.draw(step)
    t.is(captions.mul!.length, 12)
    t.is(captions.mul!.filter((text) => english!.has(text)).length, 9)
    seen.push(...captions.mul!.filter((text) => thai!.has(text)))
  }
  for (let round = 0; round < 3; round++) t.is(new Set(seen.slice(10 * round, 10 * (round + 1))).size, 10)
  t.deepEqual(sampler(set, 12, 7).draw(6).captions, draws.draw(6).captions)
  t.notDeepEqual(sampler(set, 12, 8).draw(6).captions, draws.draw(6).captions)
})

test('pictures come once an epoch, and texts of the pool are drawn beside them without regard to them', (t) => {
  const rows = [...Array.from({ length: 9 }, (_, i) => ({ en: `a${i}` })), ...Array.from({ length: 4 }, (_, i) => ({ th: `b${i}` }))]
  const { set: texts } = poolSet(pool(rows, ['en', 'th']), { seed: 1 })
  const images = Array.from({ length: 13 }, (_, i) => ({ key: `${i}`, read: async () => new Uint8Array() }))
  const set = pictureSet(images, texts)
  const draws = sampler(set, 6, 3)
  const epoch = [draws.draw(0), draws.draw(1)]
  t.is(new Set(epoch.flatMap(({ images }) => [...images])).size, 12)
  t.is(draws.draw(2).epoch, 1)
  for (const { captions } of epoch) t.is(captions.mul!.length, 6)
  t.deepEqual(sampler(set, 6, 3).draw(1).captions, epoch[1]!.captions)
  const alone = sampler(pictureSet(images), 6, 3).draw(1)
  t.deepEqual(alone.images, epoch[1]!.images)
  t.is(alone.captions.mul!.length, 0)
})
