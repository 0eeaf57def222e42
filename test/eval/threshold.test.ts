import test from 'ava'
import { UserError } from '../../base/errors.ts'
import { random } from '../../base/random.ts'
import { bestScores, chooseThreshold, fewestQueries } from '../../eval/threshold.ts'

const source = { key: '', read: async () => new Uint8Array() }
const imagesOf = (count: number) => Array.from({ length: count }, (_, i) => ({ id: String(i), source }))

test('the best right and the best other picture of each query, worked by hand', (t) => {
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
  const { own, others } = bestScores(task, images, texts)
  // c fits every picture and d none: with one of the two sides missing, neither says where fitting ends.
  t.deepEqual([...own], [1, Math.fround(0.6)])
  t.deepEqual([...others], [Math.fround(0.6), 1])
})

test('equals a search among the right pictures and a search among the others', (t) => {
  const [next, dim, count] = [random(3), 5, 60]
  const numbers = (length: number) => Float32Array.from({ length }, () => next() - 0.5)
  const [images, texts] = [numbers(count * dim), numbers(count * dim)]
  const positives = Array.from({ length: count }, (_, i) => [i, (i * 7) % count])
  const task = { corpus: 'own', protocol: 'val', language: 'en', images: imagesOf(count), texts: positives.map(String), positives }
  const { own, others } = bestScores(task, images, texts)
  const row = (rows: Float32Array, i: number) => [...rows.subarray(i * dim, (i + 1) * dim)]
  const cosine = (a: number[], b: number[]) => a.reduce((sum, x, e) => sum + x * b[e]!, 0) / (Math.hypot(...a) * Math.hypot(...b))
  positives.forEach((right, q) => {
    const scores = Array.from({ length: count }, (_, image) => cosine(row(texts, q), row(images, image)))
    t.true(Math.abs(own[q]! - Math.max(...right.map((image) => scores[image]!))) < 1e-6)
    t.true(Math.abs(others[q]! - Math.max(...scores.filter((_, image) => !right.includes(image)))) < 1e-6)
  })
})

test('of a large gallery every query is scored with a hundred other pictures of its own', (t) => {
  const count = 400
  const positives = Array.from({ length: count }, (_, i) => [i])
  const task = { corpus: 'own', protocol: 'val', language: 'en', images: imagesOf(count), texts: positives.map(String), positives }
  const images = Float32Array.from({ length: 2 * count }, (_, i) => (i === 14 ? 1 : i === 15 ? 0 : i % 2)) // picture 7 is (1, 0), all others are (0, 1)
  const { others } = bestScores(
    task,
    images,
    Float32Array.from({ length: 2 * count }, (_, i) => 1 - (i % 2)),
  )
  const met = others.filter((score) => score === 1).length // picture 7 is among a hundred of 399 with probability 0.25; σ = 8.7
  t.true(Math.abs(met - 100) < 35, String(met))
  t.is(others[7], 0, 'its own picture is none of the others')
})

test('Youden’s threshold, worked by hand, in the middle between two scores', (t) => {
  // 20 queries: own 0.50 (×15) and 0.20 (×5), others 0.10 (×16) and 0.30 (×4).
  // t in (0.10, 0.20]: J = 20/20 − 4/20 = 0.80; t in (0.20, 0.30]: 15/20 − 4/20 = 0.55; t in (0.30, 0.50]: 15/20 − 0 = 0.75.
  const own = Float32Array.from({ length: 20 }, (_, i) => (i < 15 ? 0.5 : 0.2))
  const others = Float32Array.from({ length: 20 }, (_, i) => (i < 16 ? 0.1 : 0.3))
  const task = { protocol: 'val', language: 'en', own, others }
  const found = chooseThreshold([task])!
  t.is(found.value, 0.15)
  t.deepEqual(found.measured, [{ protocol: 'val', language: 'en', queries: 20, refused: 0, passed: 4 }])

  // Beside a task of 40 queries with own 0.50 and others 0.25 (J = 0 up to 0.25, 1 above): means 0.40, then (0.55 + 1) / 2 or 0.275, 0.875 in (0.30, 0.50].
  const second = { protocol: 'val', language: 'zh', own: new Float32Array(40).fill(0.5), others: new Float32Array(40).fill(0.25) }
  const both = chooseThreshold([task, second])!
  t.is(both.value, 0.4)
  t.deepEqual(
    both.measured.map(({ language, refused, passed }) => [language, refused, passed]),
    [
      ['en', 5, 0],
      ['zh', 0, 0],
    ],
  )
})

test('no threshold beats any that is tried', (t) => {
  const next = random(8)
  const scores = (length: number, shift: number) => Float32Array.from({ length }, () => next() + shift)
  const tasks = ['en', 'zh'].map((language, i) => ({ protocol: 'val', language, own: scores(30 + i, 0.3), others: scores(30 + i, 0) }))
  const youden = (value: number) => {
    const share = (list: Float32Array) => list.filter((score) => score >= value).length / list.length
    return tasks.reduce((sum, { own, others }) => sum + share(own) - share(others), 0)
  }
  const found = youden(chooseThreshold(tasks)!.value)
  for (let value = -0.1; value < 1.5; value += 0.003) t.true(youden(value) <= found + 1e-9)
})

test('a model that tells nothing apart refuses nothing, and few queries give no threshold', (t) => {
  const flat = new Float32Array(fewestQueries).fill(0.7)
  const { value, measured } = chooseThreshold([{ protocol: 'val', language: 'en', own: flat, others: flat }])!
  t.is(value, 0.6999)
  t.is(measured[0]!.refused, 0)
  const few = flat.subarray(1)
  t.is(chooseThreshold([{ protocol: 'val', language: 'en', own: few, others: few }]), undefined)
})

test('embeddings that are not finite are refused', (t) => {
  const task = { corpus: 'own', protocol: 'val', language: 'en', images: imagesOf(2), texts: ['a'], positives: [[0]] }
  const error = t.throws(() => bestScores(task, Float32Array.of(1, Number.NaN), Float32Array.of(1)), { instanceOf: UserError })
  t.regex(error!.message, /images: expected finite embeddings/)
})
