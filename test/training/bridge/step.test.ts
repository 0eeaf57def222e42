import test from 'ava'
import { gradientOf } from '../../../engine/gradients.ts'
import { initialize, paramData } from '../../../engine/params.ts'
import { headSpecs } from '../../../training/bridge/heads.ts'
import { bridgeStep } from '../../../training/bridge/step.ts'
import { agree, close, type Feeds, gaussian } from '../../engine/oracle.ts'
import { unitRows } from '../../models/tiny.ts'

const soft = (x: number) => Math.log(1 + Math.exp(-x))

test('a linear head on a 2 × 2 batch, worked out by hand', async (t) => {
  const { fn, specs } = bridgeStep({ features: 2, hidden: 0, textHidden: 0, embedDim: 2 }, { batchSize: 2, temperature: 0.5, meanWeight: 3 })
  const results = await agree(t, fn, specs, {
    'head.linear.weight': Float32Array.of(2, 0, 0, 3),
    features: Float32Array.of(1, 0, 0, 1),
    text: Float32Array.of(1, 0, 0.6, 0.8),
    concept_text: Float32Array.of(1, 0, 0.6, 0.8),
    positives: Float32Array.of(1, 0, 0, 1),
    keep_features: Float32Array.of(1, 1, 1, 1),
  })
  // u = [1, 0], [0, 1]; logits [[2, 1.2], [0, 1.6]]; cosines to the concepts' texts 1 and 0.8.
  const infoNce = 0.5 * ((soft(0.8) + soft(1.6)) / 2 + (soft(2) + soft(0.4)) / 2)
  close(t, results.info_nce!, [infoNce], 1e-6, 'InfoNCE')
  close(t, results.cosine_to_concept!, [0.9], 1e-6, 'cosine')
  close(t, results.loss!, [infoNce + 3 * 0.1], 1e-6, 'loss')
})

for (const T of [0, 2])
  test(`an MLP, dropout and a text head of ${T}: loss as the plain formula, gradients as its slopes`, async (t) => {
    const [B, F, H, E] = [4, 5, 3, 4]
    const shape = { features: F, hidden: H, textHidden: T, embedDim: E }
    const options = { batchSize: B, temperature: 0.2, meanWeight: 0.7 }
    const { fn, specs } = bridgeStep(shape, options)
    const feeds: Feeds = {
      ...paramData(initialize(headSpecs(shape), 3)),
      'head.fc1.bias': gaussian(H, 9),
      ...(T > 0 && { 'text_head.fc1.bias': gaussian(T, 10), 'text_head.fc2.weight': gaussian(E * T, 11) }),
      features: gaussian(B * F, 1),
      text: unitRows(gaussian(B * E, 2), E),
      concept_text: unitRows(gaussian(B * E, 3), E),
      positives: Float32Array.of(1, 0, 1, 0, 0, 1, 0, 0, 1, 0, 1, 0, 0, 1, 0, 1),
      keep_features: Float32Array.from({ length: B * F }, (_, i) => (i % 3 === 0 ? 0 : 1.5)),
      keep_hidden: Float32Array.from({ length: B * H }, (_, i) => (i % 4 === 0 ? 0 : 4 / 3)),
      ...(T > 0 && { keep_text_hidden: Float32Array.from({ length: B * T }, (_, i) => (i % 3 === 0 ? 0 : 1.5)) }),
    }
    const results = await agree(t, fn, specs, feeds)
    close(t, results.loss!, [plain(feeds)], 1e-5, 'loss')
    for (const name of Object.keys(headSpecs(shape))) {
      const slopes = Array.from(feeds[name] as Float32Array, (_, i) => {
        const at = (by: number) =>
          plain({ ...feeds, [name]: Float64Array.from(feeds[name] as Float32Array, (value, j) => (i === j ? value + by : value)) })
        return (at(1e-5) - at(-1e-5)) / 2e-5
      })
      close(t, results[gradientOf(name)]!, slopes, 1e-4, name)
    }

    /** The loss in loops. */
    function plain(given: Record<string, ArrayLike<number | bigint>>): number {
      const get = (name: string, i: number) => Number(given[name]![i])
      const u = Array.from({ length: B }, (_, b) => {
        const x = Array.from({ length: F }, (_, i) => get('features', b * F + i) * get('keep_features', b * F + i))
        const hidden = Array.from({ length: H }, (_, j) => {
          const sum = x.reduce((total, value, i) => total + value * get('head.fc1.weight', j * F + i), get('head.fc1.bias', j))
          return (sum / (1 + Math.exp(-1.702 * sum))) * get('keep_hidden', b * H + j)
        })
        const row = Array.from({ length: E }, (_, e) => {
          const straight = x.reduce((total, value, i) => total + value * get('head.linear.weight', e * F + i), 0)
          return hidden.reduce((total, value, j) => total + value * get('head.fc2.weight', e * H + j), straight)
        })
        const length = Math.hypot(...row)
        return row.map((value) => value / length)
      })
      /** n(z + W₂·gelu(W₁z + b₁)) of row c. */
      const headed = (name: string, c: number, keep: (j: number) => number) => {
        const z = Array.from({ length: E }, (_, e) => get(name, c * E + e))
        const hidden = Array.from({ length: T }, (_, j) => {
          const sum = z.reduce((total, value, e) => total + value * get('text_head.fc1.weight', j * E + e), get('text_head.fc1.bias', j))
          return (sum / (1 + Math.exp(-1.702 * sum))) * keep(j)
        })
        const row = z.map((value, e) => hidden.reduce((total, part, j) => total + part * get('text_head.fc2.weight', e * T + j), value))
        const length = Math.hypot(...row)
        return row.map((value) => value / length)
      }
      const texts = u.map((_, c) => headed('text', c, (j) => get('keep_text_hidden', c * T + j)))
      const means = u.map((_, c) => headed('concept_text', c, () => 1))
      const dot = (a: number[], b: number[]) => a.reduce((total, value, e) => total + value * b[e]!, 0)
      const logits = u.map((row) => texts.map((text) => dot(row, text) / options.temperature))
      const rows = (matrix: number[][], positive: (b: number, c: number) => number) =>
        matrix.reduce((total, row, b) => {
          const log = Math.log(row.reduce((sum, value) => sum + Math.exp(value), 0))
          const owned = row.reduce((sum, _, c) => sum + positive(b, c), 0)
          return total + row.reduce((sum, value, c) => sum + (positive(b, c) / owned) * (log - value), 0) / B
        }, 0)
      const turned = logits.map((_, c) => logits.map((row) => row[c]!))
      const infoNce = 0.5 * (rows(logits, (b, c) => get('positives', b * B + c)) + rows(turned, (c, b) => get('positives', b * B + c)))
      const cosine = u.reduce((total, row, b) => total + dot(row, means[b]!) / B, 0)
      return infoNce + options.meanWeight * (1 - cosine)
    }
  })
