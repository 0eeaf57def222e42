import test from 'ava'
import { random } from '../../base/random.ts'
import { evaluateFreeQueries, type FreeQueryTask, freeQueryChance, freeQueryMetrics } from '../../eval/free-queries.ts'
import { throwsUserError } from '../user-error.ts'

const near = (a: number, b: number, by = 1e-12) => Math.abs(a - b) < by

test('metrics of one query, worked by hand', (t) => {
  // Relevant at ranks 1, 3 and 7 of four relevant images: DCG = 1 + 1/2 + 1/3; ideal 1 + 1/log2 3 + 1/2 + 1/log2 5.
  const ranked = [1, 0, 1, 0, 0, 0, 1, 0, 0, 0].map(Boolean)
  const { 'precision@5': precision, 'hit@5': hit, 'ndcg@10': ndcg } = freeQueryMetrics(ranked, 4)
  t.deepEqual([precision, hit], [0.4, 1])
  t.true(near(ndcg, (1 + 1 / 2 + 1 / 3) / (1 + 0.6309297535714575 + 0.5 + 0.43067655807339306)))
  t.deepEqual(freeQueryMetrics(Array(10).fill(true), 30), { 'precision@5': 1, 'hit@5': 1, 'ndcg@10': 1 })
  t.deepEqual(freeQueryMetrics([false, false, false, false, false, true], 1), { 'precision@5': 0, 'hit@5': 0, 'ndcg@10': 1 / Math.log2(7) })
  t.deepEqual(freeQueryMetrics([], 2), { 'precision@5': 0, 'hit@5': 0, 'ndcg@10': 0 })
})

test('chance: by hand for small galleries, as counted over random orders for a larger one', (t) => {
  // 3 of 10 relevant: five of ten drawn miss all with C(7,5)/C(10,5) = 21/252.
  const small = freeQueryChance(3, 10)
  t.true(near(small['precision@5'], 0.3))
  t.true(near(small['hit@5'], 1 - 21 / 252))
  t.deepEqual(freeQueryChance(2, 2), { 'precision@5': 0.4, 'hit@5': 1, 'ndcg@10': 1 })
  t.is(freeQueryChance(6, 10)['hit@5'], 1) // five of ten cannot miss six

  const [relevant, gallery, draws] = [4, 40, 40_000]
  const next = random(7)
  const sums = { 'precision@5': 0, 'hit@5': 0, 'ndcg@10': 0 }
  for (let draw = 0; draw < draws; draw++) {
    const order = Array.from({ length: gallery }, (_, i) => i)
    for (let i = 0; i < 10; i++) {
      const j = i + Math.floor(next() * (gallery - i))
      ;[order[i], order[j]] = [order[j]!, order[i]!]
    }
    const found = freeQueryMetrics(
      order.slice(0, 10).map((image) => image < relevant),
      relevant,
    )
    for (const name of Object.keys(sums) as (keyof typeof sums)[]) sums[name] += found[name] / draws
  }
  const expected = freeQueryChance(relevant, gallery)
  for (const name of Object.keys(sums) as (keyof typeof sums)[]) t.true(near(sums[name], expected[name], 0.006), `${name} ${sums[name]}`)
})

const source = { key: '', read: async () => new Uint8Array() }
const task = (over: Partial<FreeQueryTask> = {}): FreeQueryTask => ({
  corpus: 'c',
  protocol: 'free-queries',
  language: 'en',
  images: Array.from({ length: 6 }, (_, i) => ({ id: `${i}`, source })),
  texts: ['red', 'to drink', 'blue'],
  positives: [[0, 1], [5], [2, 2]],
  kinds: ['attribute', 'situation', 'attribute'],
  ...over,
})

test('a task is scored as a whole and by kind', async (t) => {
  const angles = [0, 0.1, 0.9, 1.2, 1.3, 1.5]
  const images = Float32Array.from(angles.flatMap((angle) => [3 * Math.cos(angle), 3 * Math.sin(angle)]))
  const texts = Float32Array.from([0, 0, 0.7].flatMap((angle) => [Math.cos(angle), Math.sin(angle)]))
  const { scores, hits, gallery } = await evaluateFreeQueries(task(), images, texts, { seed: 1 })
  t.is(gallery, 6)
  t.deepEqual(
    hits.map((list) => list.map(({ index }) => index)),
    [
      [0, 1, 2, 3, 4, 5],
      [0, 1, 2, 3, 4, 5],
      [2, 3, 1, 4, 0, 5],
    ],
  )
  t.deepEqual(
    scores.map(({ kind, queries }) => [kind, queries]),
    [
      [undefined, 3],
      ['attribute', 2],
      ['situation', 1],
    ],
  )
  // precision: 2/5, 0, 1/5; an image named twice is one.
  t.true(near(scores[0]!.metrics['precision@5'], 0.2))
  t.true(near(scores[1]!.metrics['precision@5'], 0.3))
  t.true(near(scores[0]!.metrics['hit@5'], 2 / 3))
  t.true(near(scores[0]!.metrics['ndcg@10'], (1 + 1 / Math.log2(7) + 1) / 3))
  t.true(near(scores[0]!.chance['precision@5'], (2 / 6 + 1 / 6 + 1 / 6) / 3))
  const [low, high] = scores[0]!.interval95['precision@5']
  t.true(low >= 0 && low < 0.2 && high > 0.2 && high < 0.4 + 1e-9)
})

test('a query without relevant images and unequal lists are refused', async (t) => {
  const embeds = new Float32Array(12).fill(1)
  const texts = new Float32Array(6).fill(1)
  const where = 'c free-queries (en)'
  await throwsUserError(t, () => evaluateFreeQueries(task({ positives: [[0], [], [1]] }), embeds, texts), { where, got: 'none for “to drink”' })
  await throwsUserError(t, () => evaluateFreeQueries(task({ kinds: ['a'] }), embeds, texts), { where, got: /3 texts, 1 kinds/ })
  await throwsUserError(t, () => evaluateFreeQueries(task(), embeds, texts.fill(Number.NaN)), { where: `${where}, texts`, expected: /finite/ })
})
