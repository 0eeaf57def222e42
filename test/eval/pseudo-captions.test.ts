import test from 'ava'
import { normal, random } from '../../base/random.ts'
import { chooseMinScore, pseudoCaptions } from '../../eval/pseudo-captions.ts'
import { throwsUserError } from '../user-error.ts'

test('the text nearest to what sets a picture apart, worked by hand', async (t) => {
  // All pictures have much of the first direction. Its text is nearest to each of them as they are, and to none once their mean is off.
  const images = Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? [0.9, 0.3, 0] : [0.9, 0, 0.3]))
  const texts = [
    [1, 0, 0],
    [0, 2, 0],
    [0, 0, 3],
  ]
  const { nearest, minScore, found } = await pseudoCaptions('here', embeds(images), textsOf(texts))
  t.deepEqual(
    nearest.slice(0, 4).map(({ index }) => index),
    [1, 2, 1, 2],
  )
  // v − v̄ is (0, ±0.158, ∓0.158): its cosine with an axis is √½.
  for (const { score } of nearest) t.true(Math.abs(score - Math.SQRT1_2) < 1e-6)
  t.true(Math.abs(minScore - Math.SQRT1_2) < 1e-6)
  t.true(found < 0.2, 'of many equal pictures a text finds one')
})

test('a score from which on half of the texts find their picture; without one, the best there is', (t) => {
  const outcomes = (found: number[]) => found.map((isFound, i) => ({ score: 1 - i / 100, isFound: isFound === 1 }))
  const half = chooseMinScore(outcomes([...Array(20).fill(1), ...Array(20).fill(0), 0, 0, 1]))
  t.deepEqual(half, { minScore: 1 - 39 / 100, found: 0.5 })
  const none = chooseMinScore(outcomes([...Array(19).fill(0), 1, ...Array(20).fill(0)]))
  t.deepEqual(none, { minScore: 1 - 19 / 100, found: 0.05 })
})

test('pictures that a model does not tell apart are refused', async (t) => {
  const next = random(3)
  const images = Array.from({ length: 30 }, () => [1, 0.01 * normal(next), 0.01 * normal(next)])
  await throwsUserError(t, () => pseudoCaptions('here', embeds(images), textsOf([[0, 1, 0]])), { where: 'here', got: '1.000' })
})

function embeds(rows: number[][]) {
  return { imageEmbeds: Float32Array.from(rows.flat()), images: rows.length }
}

function textsOf(rows: number[][]) {
  return { textEmbeds: Float32Array.from(rows.flat()), texts: rows.length }
}
