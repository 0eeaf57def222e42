import test from 'ava'
import { UserError } from '../../base/errors.ts'
import { random } from '../../base/random.ts'
import { bestScores, chooseThreshold, fewestQueries } from '../../eval/threshold.ts'

const source = { key: '', read: async () => new Uint8Array() }
const imagesOf = (count: number) => Array.from({ length: count }, (_, i) => ({ id: String(i), source }))

test('the best score with the right pictures there and without, worked by hand', (t) => {
  const task = {
    corpus: 'own',
    protocol: 'val',
    language: 'en',
    images: imagesOf(3),
    texts: ['a', 'b', 'c', 'd'],
    positives: [[0], [1, 2], [0, 1, 2], []],
  }
  const images = Float32Array.of(1, 0, 0, 2, 3, 4) // → (1, 0), (0, 1), (0.6, 0.8)
  const texts = Float32Array.of(1, 0, 5, 0, 0, 1, 1, 1)
  const { fitting, unfit } = bestScores(task, images, texts)
  // a: (1, 0) scores 1, the others 0 and 0.6. b, the same direction, has those two as its own. c fits every picture and d none: neither says anything.
  t.deepEqual([...fitting], [1, 1])
  t.deepEqual([...unfit], [Math.fround(0.6), 1])
})

test('equals a search among all pictures and a search among the others', (t) => {
  const [next, dim, count] = [random(3), 5, 60]
  const numbers = (length: number) => Float32Array.from({ length }, () => next() - 0.5)
  const [images, texts] = [numbers(count * dim), numbers(count * dim)]
  const positives = Array.from({ length: count }, (_, i) => [i, (i * 7) % count])
  const task = { corpus: 'own', protocol: 'val', language: 'en', images: imagesOf(count), texts: positives.map(String), positives }
  const { fitting, unfit } = bestScores(task, images, texts)
  const row = (rows: Float32Array, i: number) => [...rows.subarray(i * dim, (i + 1) * dim)]
  const cosine = (a: number[], b: number[]) => a.reduce((sum, x, e) => sum + x * b[e]!, 0) / (Math.hypot(...a) * Math.hypot(...b))
  positives.forEach((right, q) => {
    const scores = Array.from({ length: count }, (_, image) => cosine(row(texts, q), row(images, image)))
    t.true(Math.abs(fitting[q]! - Math.max(...scores)) < 1e-6)
    t.true(Math.abs(unfit[q]! - Math.max(...scores.filter((_, image) => !right.includes(image)))) < 1e-6)
  })
})

test('of a large gallery every query is scored with a hundred other pictures of its own', (t) => {
  const count = 400
  const positives = Array.from({ length: count }, (_, i) => [i])
  const task = { corpus: 'own', protocol: 'val', language: 'en', images: imagesOf(count), texts: positives.map(String), positives }
  const images = Float32Array.from({ length: 2 * count }, (_, i) => (i === 14 ? 1 : i === 15 ? 0 : i % 2)) // picture 7 is (1, 0), all others are (0, 1)
  const { fitting, unfit } = bestScores(
    task,
    images,
    Float32Array.from({ length: 2 * count }, (_, i) => 1 - (i % 2)),
  )
  const met = unfit.filter((score) => score === 1).length // picture 7 is among a hundred of 399 with probability 0.25; σ = 8.7
  t.true(Math.abs(met - 100) < 35, String(met))
  t.deepEqual([fitting[7], unfit[7]], [1, 0], 'its own picture is none of the others')
})

/** Scores of a task of that language, with nothing fitting `gap` lower. */
const taskOf = (language: string, fitting: number[], gap = 0.2) => ({
  protocol: 'val',
  language,
  fitting: Float32Array.from(fitting),
  unfit: Float32Array.from(fitting, (score) => score - gap),
})
/** `count` scores 0.30, 0.31, … */
const ladder = (count: number) => Array.from({ length: count }, (_, i) => 0.3 + i / 100)

test('the threshold refuses one query in twenty at most, worked by hand', (t) => {
  // 20 queries may lose one: the second lowest of 0.30, 0.31 … 0.49 is the threshold, cut to 0.31 or, where float32 falls short of it, 0.3099.
  // Nothing fitting scores 0.10, 0.11 … 0.29: none passes.
  const { value, measured } = chooseThreshold([taskOf('en', ladder(20).toReversed())])!
  t.true(value === 0.31 || value === 0.3099, String(value))
  t.deepEqual(measured, [{ protocol: 'val', language: 'en', queries: 20, refused: 1, passed: 0 }])
  // 39 queries may lose one too, 40 two.
  t.is(chooseThreshold([taskOf('en', ladder(39))])!.measured[0]!.refused, 1)
  t.is(chooseThreshold([taskOf('en', ladder(40))])!.measured[0]!.refused, 2)
  // Nothing fitting scores 0.05 lower, 0.25 … 0.44: all but the lowest six reach 0.31.
  t.is(chooseThreshold([taskOf('en', ladder(20), 0.05)])!.measured[0]!.passed, 14)
})

test('no language is refused more than another may be', (t) => {
  const low = ladder(40).map((score) => score - 0.15)
  const { measured } = chooseThreshold([taskOf('en', ladder(20)), taskOf('zh', low), taskOf('de', ladder(19))])!
  t.deepEqual(
    measured.map(({ language, queries, refused }) => [language, queries, refused]),
    [
      ['en', 20, 0],
      ['zh', 40, 2],
    ],
    'the lowest language decides; one of fewer than twenty queries is left out',
  )
})

test('equal scores refuse nothing, and few queries give no threshold', (t) => {
  const flat = taskOf('en', new Array(fewestQueries).fill(0.7))
  t.like(chooseThreshold([flat])!.measured[0], { refused: 0, passed: 0 })
  t.is(chooseThreshold([{ ...flat, fitting: flat.fitting.subarray(1), unfit: flat.unfit.subarray(1) }]), undefined)
  t.is(chooseThreshold([]), undefined)
})

test('embeddings that are not finite are refused', (t) => {
  const task = { corpus: 'own', protocol: 'val', language: 'en', images: imagesOf(2), texts: ['a'], positives: [[0]] }
  const error = t.throws(() => bestScores(task, Float32Array.of(1, Number.NaN), Float32Array.of(1)), { instanceOf: UserError })
  t.regex(error!.message, /images: expected finite embeddings/)
})
