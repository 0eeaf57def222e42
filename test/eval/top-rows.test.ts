import test from 'ava'
import { normal, random } from '../../base/random.ts'
import { copyRows, exactScore, normalisedRows, plainRows } from '../../eval/rows.ts'
import { searchEmbeddings } from '../../eval/search.ts'
import { unitRows } from '../../eval/similarity.ts'
import { topRows } from '../../eval/top-rows.ts'

test('rows that are scaled when read equal unitRows bit for bit', (t) => {
  const next = random(1)
  const data = Float32Array.from({ length: 50 * 17 }, (_, i) => (i < 17 ? 0 : 100 * normal(next)))
  const rows = normalisedRows(data, 17)
  const unit = unitRows(data, 17)
  const copied = new Float32Array(3 * 17)
  copyRows(rows, [9, 0, 7, 3], 1, 4, copied)
  for (const [i, row] of [0, 7, 3].entries()) t.deepEqual(copied.subarray(i * 17, (i + 1) * 17), unit.subarray(row * 17, (row + 1) * 17))
  const plain = plainRows(unit, 17)
  for (let i = 0; i < 50; i++) t.is(exactScore(rows, i, rows, 49 - i), exactScore(plain, i, plain, 49 - i))
})

test('equals exact search, ties included, across blocks', async (t) => {
  for (let seed = 0; seed < 8; seed++) {
    const next = random(seed)
    const [size, dim] = [seed === 0 ? 17_000 : 1 + Math.floor(next() * 2000), 1 + Math.floor(next() * 40)]
    const draw = () => (seed % 2 ? normal(next) : Math.floor(next() * 3) - 1)
    const gallery = Float32Array.from({ length: size * dim }, draw)
    const queries = Float32Array.from({ length: 5 * dim }, draw)
    const asked = [3, 0, 3]
    const found = await topRows(plainRows(queries, dim), asked, plainRows(gallery, dim), 7)
    t.deepEqual(
      found,
      asked.map((q) => searchEmbeddings(queries.subarray(q * dim, (q + 1) * dim), gallery, 7)),
      `seed ${seed}`,
    )
  }
})

test('ties can be turned round', async (t) => {
  const rows = (...data: number[]) => plainRows(Float32Array.from(data), 1)
  const found = await topRows(rows(1), [0], rows(5, 5, 5, 6, 5), 3, { ties: 'last' })
  t.deepEqual(
    found[0]!.map(({ index }) => index),
    [3, 4, 2],
  )
})
