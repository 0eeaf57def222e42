import test from 'ava'
import { normal, random } from '../../base/random.ts'
import { rankQueries, rankRow } from '../../eval/ranks.ts'
import { scoreRows } from '../../eval/similarity.ts'
import { type Expected, throwsUserError } from '../user-error.ts'

const row = (...scores: number[]) => Float32Array.from(scores)

test('a rank counts what stands strictly above the best positive', (t) => {
  t.is(rankRow(row(0.9, 0.5, 0.7), [0]), 1)
  t.is(rankRow(row(0.9, 0.5, 0.7), [2]), 2)
  t.is(rankRow(row(0.9, 0.5, 0.7), [1]), 3)
  // Two positives: the better one counts, and the other does not stand in its way.
  t.is(rankRow(row(0.9, 0.5, 0.7), [1, 2]), 2)
  t.is(rankRow(row(0.9, 0.5, 0.7), [0, 1, 2]), 1)
})

test('ties cost half of the tied non-positives, rounded up', (t) => {
  t.is(rankRow(row(0.5, 0.5), [0]), 2) // 1 + ⌈1/2⌉
  t.is(rankRow(row(0.5, 0.5, 0.5), [1]), 2) // 1 + ⌈2/2⌉
  t.is(rankRow(row(0.5, 0.5, 0.5, 0.5), [3]), 3) // 1 + ⌈3/2⌉
  t.is(rankRow(row(0.5, 0.5, 0.5, 0.5), [0, 3]), 2) // two of the four are right: 1 + ⌈2/2⌉
  t.is(rankRow(row(0.9, 0.5, 0.5, 0.1), [2]), 3) // 1 + 1 above + ⌈1/2⌉
  t.is(rankRow(row(0, -0), [0]), 2) // zeros of both signs are one score
})

test('one query, one candidate', async (t) => {
  t.deepEqual([...(await rankQueries(row(1, 2), row(3, 4), [[0]]))], [1])
})

test('a matrix worked out by hand', async (t) => {
  // queries · gallery: q0 = (1, 0), q1 = (0, 1), q2 = (1, 1); g0 = (2, 0), g1 = (0, 2), g2 = (1, 1), g3 = (2, 0)
  //        g0 g1 g2 g3
  //   q0    2  0  1  2
  //   q1    0  2  1  0
  //   q2    2  2  2  2
  const queries = row(1, 0, 0, 1, 1, 1)
  const gallery = row(2, 0, 0, 2, 1, 1, 2, 0)
  t.deepEqual([...(await rankQueries(queries, gallery, [[0], [1], [2]]))], [2, 1, 3])
  t.deepEqual([...(await rankQueries(queries, gallery, [[2], [0], [0, 1, 2, 3]]))], [3, 4, 1]) // q1: 1 + 2 above + ⌈1/2⌉
  t.deepEqual(
    [
      ...(await rankQueries(queries, gallery, [
        [0, 3],
        [2, 2],
        [3, 3],
      ])),
    ],
    [1, 2, 3],
  ) // a row named twice counts once
})

test('equal gallery rows stay tied whatever their place in a block', async (t) => {
  const next = random(3)
  const vector = Float32Array.from({ length: 37 }, () => normal(next))
  for (const size of [2, 5, 1771, 2003]) {
    const gallery = new Float32Array(size * 37)
    for (let g = 0; g < size; g++) gallery.set(vector, g * 37)
    t.deepEqual([...(await rankQueries(vector, gallery, [[size - 1]]))], [1 + Math.ceil((size - 1) / 2)])
  }
})

test('equals an independent slow implementation on random data', async (t) => {
  for (let seed = 0; seed < 60; seed++) {
    const next = random(seed)
    const [count, size, dim] = [1 + Math.floor(next() * 20), 1 + Math.floor(next() * 40), 1 + Math.floor(next() * 6)]
    // Small integers make many exact ties; odd seeds take real numbers.
    const draw = () => (seed % 2 ? normal(next) : Math.floor(next() * 3) - 1)
    const queries = Array.from({ length: count }, () => Array.from({ length: dim }, draw))
    const gallery = Array.from({ length: size }, () => Array.from({ length: dim }, draw))
    const positives = queries.map(() => Array.from({ length: 1 + Math.floor(next() * 3) }, () => Math.floor(next() * size)))
    const ranks = await rankQueries(Float32Array.from(queries.flat()), Float32Array.from(gallery.flat()), positives)
    t.deepEqual(
      [...ranks],
      queries.map((query, q) => slowRank(query, gallery, positives[q]!)),
      `seed ${seed}`,
    )
  }
})

/** Averages the worst and the best place that sorting could give the best positive among its ties. */
function slowRank(query: number[], gallery: number[][], positives: number[]): number {
  const score = (g: number) => Math.fround(query.reduce((sum, value, e) => sum + Math.fround(value) * Math.fround(gallery[g]![e]!), 0))
  const best = positives.map(score).toSorted((a, b) => b - a)[0]!
  const rivals = gallery
    .map((_, g) => g)
    .filter((g) => !positives.includes(g))
    .map(score)
  const luckiest = 1 + rivals.filter((rival) => rival > best).length
  const unluckiest = 1 + rivals.filter((rival) => rival >= best).length
  return Math.ceil((luckiest + unluckiest) / 2)
}

test('more queries and candidates than one block holds', async (t) => {
  const next = random(5)
  const count = 20_000 // more than a block of 256 queries and than one of 16,384 candidates
  const rows = Float32Array.from({ length: count * 4 }, () => normal(next))
  const norms = Array.from({ length: count }, (_, i) => rows.subarray(4 * i, 4 * i + 4).reduce((sum, x) => sum + x * x, 0))
  const unit = rows.map((value, i) => value / Math.sqrt(norms[i >> 2]!))
  const asked = 300
  const ranks = await rankQueries(
    unit.subarray(4 * (count - asked)),
    unit,
    Array.from({ length: asked }, (_, i) => [count - asked + i]),
  )
  t.true(ranks.every((rank) => rank <= 2)) // each finds itself; another row may round to the same score
})

test('rounding never decides: near ties and exact ones are settled in double precision', async (t) => {
  // Scores that differ by a few units in the last place of single precision, many of them equal.
  const next = random(9)
  const dim = 300
  const vector = Float32Array.from({ length: dim }, () => normal(next))
  const size = 600
  const gallery = new Float32Array(size * dim)
  for (let g = 0; g < size; g++) {
    gallery.set(vector, g * dim)
    gallery[g * dim + (g % 40)]! *= 1 + ((g % 7) - 3) * 2 ** -14
  }
  const positives = Array.from({ length: size }, (_, i) => [i])
  const queries = new Float32Array(size * dim)
  for (let q = 0; q < size; q++) queries.set(vector, q * dim)
  const scores = new Float32Array(size)
  scoreRows(vector, 0, 1, gallery, dim, scores)
  t.true(new Set(scores).size > 1 && new Set(scores).size < size)
  const expected = positives.map((list) => rankRow(scores, list))
  t.deepEqual([...(await rankQueries(queries, gallery, positives))], expected)
  t.deepEqual([...(await rankQueries(queries, gallery, positives, { threads: 1 }))], expected)
})

test('numbers at the ends of single precision', async (t) => {
  t.deepEqual([...(await rankQueries(row(1e-30, 1e-30), row(1e-10, 0, 2e-10, 0, 3e-10, 0), [[1]]))], [2])
  t.deepEqual([...(await rankQueries(row(1e25, -1e25), row(1e25, 1e25, 1e20, 0, 1e18, 0), [[2]]))], [2]) // scores 0, ∞, ∞
})

test('bad input is refused with the reason', async (t) => {
  const refuses = (run: () => Promise<unknown>, expected: Expected) => throwsUserError(t, run, expected)
  await refuses(() => rankQueries(row(1, 2), new Float32Array(), [[0]]), { where: /gallery/, got: 'none' })
  await refuses(() => rankQueries(row(1, 2, 3), row(1, 2, 3), [[0], [0]]), { expected: /2 embeddings of equal length/, got: /3 numbers/ })
  await refuses(() => rankQueries(row(1, 2), row(1, 2, 3), [[0]]), { expected: /equal length on both sides/, got: /2 and 3/ })
  await refuses(() => rankQueries(row(1, Number.NaN), row(1, 2), [[0]]), { got: /NaN in row 0, component 1/ })
  await refuses(() => rankQueries(row(1, 2), row(1, 2, Number.POSITIVE_INFINITY, 0), [[0]]), { got: /Infinity in row 1, component 0/ })
  await refuses(() => rankQueries(row(1, 2), row(1, 2), [[]]), { where: /query 0/, expected: /at least one right answer/ })
  await refuses(() => rankQueries(row(1, 2), row(1, 2), [[1]]), { expected: /ground truth in 0…0/, got: '1' })
  await refuses(() => rankQueries(new Float32Array(), row(1, 2), []), { where: /queries/, expected: /at least one/ })
})
