import test from 'ava'
import { random } from '../../base/random.ts'
import { searchEmbeddings } from '../../eval/search.ts'
import { type Expected, throwsUserError } from '../user-error.ts'

test('best first, equal scores in order of index', (t) => {
  const gallery = Float32Array.from([1, 0, 0, 1, 2, 0, 0, 3, 1, 5]) // dot with (1, 0): 1 0 2 0 1
  const hits = searchEmbeddings(Float32Array.from([1, 0]), gallery, 4)
  t.deepEqual(hits, [
    { index: 2, score: 2 },
    { index: 0, score: 1 },
    { index: 4, score: 1 },
    { index: 1, score: 0 },
  ])
  t.is(searchEmbeddings(Float32Array.from([1, 0]), gallery, 99).length, 5)
})

test('equals sorting everything, ties included', (t) => {
  for (let seed = 0; seed < 50; seed++) {
    const next = random(seed)
    const size = 1 + Math.floor(next() * 300)
    const gallery = Float32Array.from({ length: size }, () => Math.floor(next() * 30))
    const topK = 1 + Math.floor(next() * 20)
    const expected = Array.from(gallery, (score, index) => ({ index, score }))
      .sort((a, b) => b.score - a.score || a.index - b.index)
      .slice(0, topK)
    t.deepEqual(searchEmbeddings(Float32Array.of(1), gallery, topK), expected, `seed ${seed}`)
  }
})

test('bad input is refused with the reason', async (t) => {
  const refuses = (run: () => unknown, expected: Expected) => throwsUserError(t, run, expected)
  await refuses(() => searchEmbeddings(Float32Array.of(1), new Float32Array(), 1), { where: /gallery/, expected: /at least one/ })
  await refuses(() => searchEmbeddings(Float32Array.of(1, 2), Float32Array.of(1, 2, 3), 1), { got: /2 and 3/ })
  await refuses(() => searchEmbeddings(Float32Array.of(Number.NaN), Float32Array.of(1), 1), { where: /query/, expected: /finite/ })
  await refuses(() => searchEmbeddings(Float32Array.of(1), Float32Array.of(Number.NaN), 1), { where: /gallery/, expected: /finite/ })
  await refuses(() => searchEmbeddings(Float32Array.of(1), Float32Array.of(1), 0), { where: /topK/, expected: /a whole number ≥ 1/, got: '0' })
})
