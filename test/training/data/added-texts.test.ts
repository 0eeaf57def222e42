import test from 'ava'
import type { PoolRow } from '../../../corpora/pool/row.ts'
import { addedTexts } from '../../../training/data/added-texts.ts'

const rows: PoolRow[] = [
  { en: 'cat', hi: 'बिल्ली' },
  { en: 'kitten', hi: 'बिल्ली' },
  { en: 'sun', zh: '太阳', hi: 'सूरज', vi: 'mặt trời' },
  { zh: '火花', hi: 'चिंगारी' },
  { en: 'radio', vi: 'radio' },
  { zh: '猫' },
]

test('a new text has the first counterpart in the pivot language as its target; without one it is left out and counted', (t) => {
  const { learnt, counts } = addedTexts({ corpus: [], pool: rows }, { added: ['hi', 'vi'], known: ['en', 'zh'], pivot: 'en', seed: 1 })
  const [hi, vi] = learnt.unpaired!.map((group) => Array.from(group, (text) => [learnt.texts[text], learnt.texts[learnt.targets![text]!]]))
  t.deepEqual(hi, [
    ['बिल्ली', 'cat'],
    ['सूरज', 'sun'],
  ])
  t.deepEqual(vi, [
    ['mặt trời', 'sun'],
    ['radio', 'radio'],
  ])
  t.deepEqual(counts, [
    { language: 'hi', texts: 2, alone: 1 },
    { language: 'vi', texts: 2, alone: 0 },
  ])
  t.is(learnt.count, 4)
})

test('texts of the known languages are their own targets; the limit takes more of the larger language', (t) => {
  const { kept } = addedTexts({ corpus: [], pool: rows }, { added: ['hi'], known: ['en', 'zh'], pivot: 'en', seed: 1 })
  t.deepEqual(
    kept.unpaired!.map((group) => Array.from(group, (text) => kept.texts[text]!).toSorted()),
    [['cat', 'kitten', 'radio', 'sun'], ['太阳', '火花', '猫'].toSorted()],
  )
  t.true(kept.targets!.every((target, text) => target === text))
  const many = Array.from({ length: 90 }, (_, i): PoolRow => ({ en: `text ${i}`, ...(i < 10 && { zh: `文${i}` }) }))
  const limited = addedTexts({ corpus: [], pool: many }, { added: ['hi'], known: ['en', 'zh'], pivot: 'en', limit: 20, seed: 1 }).kept
  t.deepEqual(
    limited.unpaired!.map(({ length }) => length),
    [15, 5], // in proportion to √90 and √10
  )
  t.is(new Set(limited.texts).size, 20)
})

test("the corpus' texts are taken first, and drawn apart", (t) => {
  const corpus: PoolRow[] = [{ en: 'cat', hi: 'बिल्ली' }, { zh: '猫' }]
  const { kept, learnt } = addedTexts({ corpus, pool: rows }, { added: ['hi'], known: ['en', 'zh'], pivot: 'en', limit: 4, seed: 1 })
  const groups = kept.unpaired!.map((group) => Array.from(group, (text) => kept.texts[text]!))
  t.deepEqual(groups.slice(0, 2), [['cat'], ['猫']])
  t.deepEqual(
    groups.slice(2).map(({ length }) => length),
    [1, 1],
  )
  t.is(new Set(groups.flat()).size, 4)
  t.is(learnt.count, 2)
})
