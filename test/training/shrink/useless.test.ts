import test from 'ava'
import type { Gate } from '../../../models/gates.ts'
import { contributions, lowEverywhere } from '../../../training/shrink/useless.ts'
import { agree, close, gaussian } from '../../engine/oracle.ts'

const gate = (channels: number): Gate => ({ before: 'a', after: 'b', groups: 1, channels })

test('contributions to the likeness of the nearest: worked out by hand', async (t) => {
  // Gate 1 has two channels, gate 2 one. Nearest to (2, 1) by cosine is (4, 2), then (1, 0); (0, −9) is far.
  const features = Float32Array.of(2, 1, -3)
  const queue = Float32Array.of(1, 0, 1, 4, 2, -2, 0, -9, 5)
  const specs = { features: { dtype: 'float32' as const, shape: [1, 3] }, queue: { dtype: 'float32' as const, shape: [3, 3] } }
  const fn = (inputs: Parameters<typeof contributionsOf>[0]) => contributionsOf(inputs, [gate(2), gate(1)], 2)
  const { rows } = await agree(t, fn, specs, { features, queue })
  // Gate 2: −3 is like −2 (cosine 1); 1 and 5 tie at −1 and are taken together, 3·6.
  close(t, rows!, [8, 2, 6, 2, 0, 18], 1e-5, 'nearest, then second nearest')
})

function contributionsOf(inputs: Record<string, Parameters<typeof contributions>[0]>, gates: Gate[], neighbours: number) {
  return { rows: contributions(inputs.features!, inputs.queue!, gates, neighbours) }
}

test('contributions against a plain search', async (t) => {
  const [B, M, sizes, k] = [4, 7, [3, 5], 3]
  const columns = 8
  const [features, queue] = [gaussian(B * columns, 1), gaussian(M * columns, 2)]
  const specs = { features: { dtype: 'float32' as const, shape: [B, columns] }, queue: { dtype: 'float32' as const, shape: [M, columns] } }
  const { rows } = await agree(t, (inputs) => contributionsOf(inputs, sizes.map(gate), k), specs, { features, queue })
  const expected = new Float32Array(k * B * columns)
  let start = 0
  for (const channels of sizes) {
    const part = (all: Float32Array, row: number) => [...all.subarray(row * columns + start, row * columns + start + channels)]
    for (let b = 0; b < B; b++) {
      const own = part(features, b)
      const cosine = (other: number[]) => own.reduce((sum, value, i) => sum + value * other[i]!, 0) / Math.hypot(...own) / Math.hypot(...other)
      const nearest = Array.from({ length: M }, (_, m) => part(queue, m)).sort((x, y) => cosine(y) - cosine(x))
      for (let n = 0; n < k; n++) for (let c = 0; c < channels; c++) expected[(n * B + b) * columns + start + c] = Math.abs(own[c]! * nearest[n]![c]!)
    }
    start += channels
  }
  close(t, rows!, expected, 1e-5, 'rows')
})

test('low everywhere: in the lower half for every item and neighbour', (t) => {
  // Two gates side by side, of four and of two channels.
  const rows = Float32Array.of(...[1, 2, 9, 8], ...[5, 6], ...[2, 7, 1, 9], ...[6, 5], ...[0, 3, 4, 1], ...[1, 2])
  t.deepEqual(lowEverywhere(rows, 6, 0, 4, 0.5), [0])
  t.deepEqual(lowEverywhere(rows, 6, 4, 2, 0.5), [], 'what is low changes')
  t.deepEqual(lowEverywhere(rows, 6, 0, 4, 0.75), [0, 1], 'among the lower three')
  t.deepEqual(lowEverywhere(rows, 6, 0, 4, 0.2), [], 'a share of less than one channel')
  t.deepEqual(lowEverywhere(Float32Array.of(3, 3, 3, 4), 4, 0, 4, 0.5), [0, 1, 2], 'ties count as low')
})
