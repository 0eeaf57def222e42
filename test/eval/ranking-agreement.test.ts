import test from 'ava'
import { rankingAgreement } from '../../eval/ranking-agreement.ts'

const axes = (order: number[]) => {
  const rows = new Float32Array(order.length * order.length)
  for (const [row, axis] of order.entries()) rows[row * order.length + axis] = 1
  return rows
}
const everyone = Array.from({ length: 12 }, (_, i) => i)
/** One text that is the nearer to an axis the smaller its number. */
const falling = Float32Array.from(everyone, (i) => 12 - i)

test('the same ranking agrees, the reverse one in what two lists of ten of twelve must share', async (t) => {
  const sizes = { images: 12, texts: 1 }
  const one = { images: axes(everyone), texts: falling }
  const same = await rankingAgreement('here', one, { images: axes(everyone), texts: falling.map((value) => 3 * value) }, sizes)
  t.deepEqual(same.metrics, { 'overlap@10': 1, 'ndcg@20': 1 })
  const reverse = await rankingAgreement('here', one, { images: axes(everyone.toReversed()), texts: falling }, sizes)
  t.is(reverse.metrics['overlap@10'], 0.8)
  // Gains of 12 … 1 by place: those of the reverse order are 1 … 12.
  const sum = (gain: (place: number) => number) => everyone.reduce((total, place) => total + gain(place) / Math.log2(place + 2), 0)
  t.true(Math.abs(reverse.metrics['ndcg@20'] - sum((place) => place + 1) / sum((place) => 12 - place)) < 1e-12)
  t.true(Math.abs(reverse.best[0]! - 12 / Math.sqrt(650)) < 1e-6)
})

test('one score for everything agrees with nothing', async (t) => {
  const flat = { images: new Float32Array(144).fill(1), texts: new Float32Array(12).fill(1) }
  const { metrics } = await rankingAgreement('here', flat, flat, { images: 12, texts: 1 })
  t.is(metrics['overlap@10'], 0.8)
})
