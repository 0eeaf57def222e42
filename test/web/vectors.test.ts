import test from 'ava'
import { normal, random } from '../../base/random.ts'
import { searchEmbeddings } from '../../eval/search.ts'
import { decodeVectors, encodeVectors, nearest, quantizeRows, rowOf, scores, unit } from '../../web/vectors.ts'

const dim = 48

function units(count: number, seed: number): Float32Array {
  const next = random(seed)
  const rows = Array.from({ length: count }, () => unit(Float32Array.from({ length: dim }, () => normal(next))))
  return Float32Array.from(rows.flatMap((row) => [...row]))
}

test('tables go through a file unchanged', (t) => {
  const tables = [quantizeRows(units(5, 1), dim), quantizeRows(units(2, 2), dim), quantizeRows(new Float32Array(0), dim)]
  t.deepEqual(decodeVectors(encodeVectors(tables).buffer), tables)
})

test('eight bits keep cosines and the order of what is not almost equal', (t) => {
  const rows = units(300, 3)
  const table = quantizeRows(rows, dim)
  const query = units(1, 4)
  const exact = searchEmbeddings(query, rows, 300)
  const got = scores(query, table)
  for (const { index, score } of exact) t.true(Math.abs(got[index]! - score) < 0.005)
  const hits = nearest(query, table, 10)
  t.deepEqual(hits.map(({ index }) => index).slice(0, 3), exact.map(({ index }) => index).slice(0, 3))
  t.true(hits.every(({ score }, i) => i === 0 || score <= hits[i - 1]!.score))
  t.true(Math.abs(nearest(rowOf(table, 17), table, 1)[0]!.score - 1) < 0.01)
  t.is(nearest(rowOf(table, 17), table, 1)[0]!.index, 17)
})

test('equal rows keep their order, rows of zeros do no harm', (t) => {
  const rows = new Float32Array(3 * dim)
  rows[dim] = rows[2 * dim] = 1
  const query = new Float32Array(dim)
  query[0] = 1
  t.deepEqual(
    nearest(query, quantizeRows(rows, dim), 3).map(({ index }) => index),
    [1, 2, 0],
  )
})

test('files of another kind, version or length are refused', (t) => {
  const file = encodeVectors([quantizeRows(units(3, 5), dim)])
  t.throws(() => decodeVectors(new ArrayBuffer(4)), { message: /not a file of vectors/ })
  t.throws(() => decodeVectors(file.slice(0, -1).buffer), { message: /expected 176 bytes, got 175/ })
  const newer = file.slice()
  newer[4] = 9
  t.throws(() => decodeVectors(newer.buffer), { message: /expected version 1, got 9/ })
  t.throws(() => encodeVectors([quantizeRows(units(1, 1), dim), quantizeRows(new Float32Array(2), 2)]), { message: /rows of 48 and of 2/ })
})
