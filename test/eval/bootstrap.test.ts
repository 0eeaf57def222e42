import test from 'ava'
import { UserError } from '../../base/errors.ts'
import { normal, random } from '../../base/random.ts'
import { bootstrapMean, bootstrapMeanRecall, bootstrapRetrieval, pairedBootstrap, pairedBootstrapRetrieval } from '../../eval/bootstrap.ts'
import type { RankedDirection } from '../../eval/retrieval.ts'
import { throwsUserError } from '../user-error.ts'

const direction = (ranks: number[], items = ranks.map((_, i) => i)): RankedDirection => ({
  queries: ranks.map((_, i) => i),
  items: Int32Array.from(items),
  ranks: Int32Array.from(ranks),
  gallery: 100,
})

const covers = ([low, high]: [number, number], truth: number) => low <= truth && truth <= high

test('the interval of a mean covers the truth about 95 % of the time', (t) => {
  let covered = 0
  for (let seed = 0; seed < 300; seed++) {
    const next = random(seed, 1)
    const values = Float64Array.from({ length: 150 }, () => 2 + normal(next))
    if (covers(bootstrapMean(values, { seed, resamples: 400 }), 2)) covered++
  }
  // Standard error of the share is 1.3 %; percentile intervals are a little narrow at n = 150.
  t.true(covered / 300 > 0.91 && covered / 300 < 0.985, `${covered} of 300`)
})

test('the interval of mean recall covers the truth when both directions and five captions share an image', (t) => {
  // Each image has a difficulty; its five captions and its own query hit rank 1 with that probability, else rank 100.
  // Then every recall has expectation E[difficulty] = 1/2, and resampling captions alone would cover far too rarely.
  let covered = 0
  const runs = 300
  for (let seed = 0; seed < runs; seed++) {
    const next = random(seed, 2)
    const [texts, owners, images]: number[][] = [[], [], []]
    for (let image = 0; image < 100; image++) {
      const ease = next() < 0.5 ? 0.05 : 0.95
      const rank = () => (next() < ease ? 1 : 100)
      images!.push(rank())
      for (let caption = 0; caption < 5; caption++) {
        texts!.push(rank())
        owners!.push(image)
      }
    }
    const result = { textToImage: direction(texts!, owners!), imageToText: direction(images!) }
    if (covers(bootstrapMeanRecall(result, { seed, resamples: 300 }), 0.5)) covered++
  }
  t.true(covered / runs > 0.91 && covered / runs < 0.985, `${covered} of ${runs}`)
})

test('one seed gives one interval; constants have none to speak of', (t) => {
  const values = [0, 1, 1, 0, 1, 1, 1, 0, 0, 1]
  t.deepEqual(bootstrapMean(values, { seed: 4 }), bootstrapMean(values, { seed: 4 }))
  t.notDeepEqual(bootstrapMean(values, { seed: 4, resamples: 37 }), bootstrapMean(values, { seed: 5, resamples: 37 }))
  t.deepEqual(
    bootstrapMean([0.3, 0.3, 0.3]).map((value) => Math.fround(value)),
    [Math.fround(0.3), Math.fround(0.3)],
  )
  t.deepEqual(bootstrapMean([1]), [1, 1])
})

test('intervals surround each of the recalls', (t) => {
  const ranks = Array.from({ length: 200 }, (_, i) => (i % 4 === 0 ? 1 : i % 4 === 1 ? 4 : i % 4 === 2 ? 9 : 50)) // R@1 .25, R@5 .5, R@10 .75
  const intervals = bootstrapRetrieval({ textToImage: direction(ranks), imageToText: direction(ranks) })
  for (const [name, truth] of [
    ['text_to_image_R@1', 0.25],
    ['image_to_text_R@5', 0.5],
    ['text_to_image_R@10', 0.75],
    ['mean_recall', 0.5],
  ] as const) {
    t.true(covers(intervals[name], truth), name)
    t.true(intervals[name][1] - intervals[name][0] < 0.16, name) // ±1.96·√(.25/200) = ±.07
  }
})

test('a direction that a resample misses is drawn again', (t) => {
  const result = { textToImage: direction([1], [0]), imageToText: direction([1], [1]) }
  t.deepEqual(bootstrapMeanRecall(result), [1, 1])
})

test('paired differences: equal systems do not differ, a steady lead does', (t) => {
  const next = random(9)
  const base = Float64Array.from({ length: 300 }, () => normal(next))
  const better = base.map((value) => value + 0.05 + 0.01 * normal(next)) // tiny beside the spread of 1: only pairing shows it
  t.deepEqual(pairedBootstrap(base, base), { difference: 0, interval: [0, 0], p: 1 })
  const lead = pairedBootstrap(better, base)
  t.true(lead.p < 0.01 && lead.interval[0] > 0.04 && lead.interval[1] < 0.06)
})

test('p of two systems that differ by chance alone is uniform', (t) => {
  let small = 0
  for (let seed = 0; seed < 300; seed++) {
    const next = random(seed, 7)
    const draw = () => Float64Array.from({ length: 100 }, () => Number(next() < 0.4))
    if (pairedBootstrap(draw(), draw(), { seed, resamples: 300 }).p < 0.05) small++
  }
  t.true(small / 300 > 0.015 && small / 300 < 0.1, `${small} of 300`)
})

test('paired recalls of two systems on the same queries', (t) => {
  const good = { textToImage: direction(Array(50).fill(1)), imageToText: direction(Array(50).fill(1)) }
  const bad = { textToImage: direction(Array(50).fill(7)), imageToText: direction(Array(50).fill(7)) }
  const result = pairedBootstrapRetrieval(good, bad)
  t.is(result['text_to_image_R@1'].difference, 1)
  t.is(result['text_to_image_R@10'].difference, 0)
  t.is(result['text_to_image_R@10'].p, 1)
  t.true(Math.abs(result.mean_recall.difference - 2 / 3) < 1e-12) // R@1 and R@5 differ, R@10 does not
  t.true(result.mean_recall.p < 0.01)
})

test('bad input is refused', async (t) => {
  await throwsUserError(t, () => bootstrapMean([]), { expected: /at least one item/ })
  await throwsUserError(t, () => pairedBootstrap([1, 2], [1]), { got: /2 and 1 queries/ })
  const a = { textToImage: direction([1, 2]), imageToText: direction([1, 2]) }
  const other = { ...a, textToImage: { ...a.textToImage, queries: [0, 5] } }
  await throwsUserError(t, () => pairedBootstrapRetrieval(a, other), { got: /not the same ones/ })
  t.throws(() => bootstrapRetrieval({ ...a, imageToText: direction([]) }), { instanceOf: UserError })
})
