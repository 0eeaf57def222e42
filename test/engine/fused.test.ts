import test from 'ava'
import { compile } from '../../engine/compile.ts'
import { layerNorm, linear, quickGelu } from '../../engine/fused.ts'
import { gradientOf, withGradients } from '../../engine/gradients.ts'
import { paramInputs } from '../../engine/params.ts'
import { tf } from '../../engine/tf.ts'
import type { Tensors } from '../../engine/trace/trace.ts'
import { throwsUserError } from '../user-error.ts'
import { agree, close, gaussian } from './oracle.ts'

/** An op, and the same written out over flat float64 arrays: the independent word on values and slopes. */
interface FusedCase {
  shapes: Record<string, number[]>
  op(params: Tensors): tf.Tensor
  plain(params: Record<string, number[]>): number[]
}

const cases: Record<string, FusedCase> = {
  'layerNorm of [B, D]': normCase([3, 5]),
  'layerNorm of [B, T, D]': normCase([2, 3, 4]),
  quickGelu: {
    shapes: { x: [3, 4] },
    op: ({ x }) => quickGelu(x!),
    plain: ({ x }) => x!.map((value) => value / (1 + Math.exp(-1.702 * value))),
  },
  'linear of [B, in] with bias': linearCase([4, 3], true),
  'linear of [B, in]': linearCase([4, 3], false),
  'linear of [B, T, in] with bias': linearCase([2, 3, 4], true),
  'linear of [B, T, in]': linearCase([2, 3, 4], false),
}

function normCase(shape: number[]): FusedCase {
  const width = shape.at(-1)!
  return {
    shapes: { x: shape, gamma: [width], beta: [width] },
    op: ({ x, gamma, beta }) => layerNorm(x!, gamma!, beta!, 1e-3),
    plain: ({ x, gamma, beta }) =>
      x!.map((value, i) => {
        const row = x!.slice(i - (i % width), i - (i % width) + width)
        const mean = row.reduce((sum, item) => sum + item, 0) / width
        const variance = row.reduce((sum, item) => sum + (item - mean) ** 2, 0) / width
        return ((value - mean) * gamma![i % width]!) / Math.sqrt(variance + 1e-3) + beta![i % width]!
      }),
  }
}

function linearCase(shape: number[], biased: boolean): FusedCase {
  const into = shape.at(-1)!
  const out = 5
  return {
    shapes: { x: shape, weight: [out, into], ...(biased ? { bias: [out] } : {}) },
    op: ({ x, weight, bias }) => linear(x!, weight!, bias),
    plain: ({ x, weight, bias }) =>
      Array.from({ length: (x!.length / into) * out }, (_, at) => {
        const row = Math.floor(at / out)
        const column = at % out
        let sum = bias?.[column] ?? 0
        for (let k = 0; k < into; k++) sum += x![row * into + k]! * weight![column * into + k]!
        return sum
      }),
  }
}

for (const [name, { shapes, op, plain }] of Object.entries(cases)) {
  test(`${name}: values and gradients, compiled, eager and by finite differences`, async (t) => {
    const names = Object.keys(shapes)
    const params = Object.fromEntries(
      names.map((key, i) => [
        key,
        gaussian(
          shapes[key]!.reduce((a, b) => a * b, 1),
          3,
          i,
        ),
      ]),
    )
    const exact = Object.fromEntries(names.map((key) => [key, Array.from(params[key]!)]))
    const mix = gaussian(plain(exact).length, 4) // the loss is a random mixture of the outputs
    const value = (at: Record<string, number[]>) => plain(at).reduce((sum, item, i) => sum + item * mix[i]!, 0)

    const step = withGradients((tensors, { mix }) => {
      const y = op(tensors)
      return { loss: tf.sum(tf.mul(y, tf.reshape(mix!, y.shape))), y }
    }, names)
    const specs = {
      ...paramInputs(Object.fromEntries(names.map((key) => [key, { shape: shapes[key]! }]))),
      mix: { dtype: 'float32' as const, shape: [mix.length] },
    }
    const results = await agree(t, step, specs, { ...params, mix })

    close(t, results.y!, plain(exact), 1e-5, 'y')
    for (const key of names) {
      const slopes = exact[key]!.map((number, i) => {
        const moved = (by: number) => value({ ...exact, [key]: exact[key]!.with(i, number + by) })
        return (moved(1e-5) - moved(-1e-5)) / 2e-5
      })
      close(t, results[gradientOf(key)]!, slopes, 1e-5, gradientOf(key))
    }
  })
}

test('withGradients leaves out the gradient of a parameter that the loss does not reach', async (t) => {
  const step = withGradients(({ a }) => ({ loss: tf.sum(tf.square(a!)) }), ['a', 'b'])
  const spec = { dtype: 'float32' as const, shape: [2] }
  const results = await agree(t, step, { a: spec, b: spec }, { a: Float32Array.of(1, 2), b: Float32Array.of(3, 4) })
  t.deepEqual(Object.keys(results), ['loss', 'gradient:a'])
  t.deepEqual(results['gradient:a'], Float32Array.of(2, 4))
})

test('tfjs finds its device itself', async (t) => {
  const step = ({ a }: Record<string, tf.Tensor>) => ({ b: tf.neg(a!) })
  const compiled = () => compile(step, { a: { dtype: 'float32', shape: [2] } }, { engine: 'tfjs', device: 'webgpu' })
  await throwsUserError(t, compiled, { where: /--engine tfjs/, got: 'webgpu' })
})

test('the eager path leaves no tensors behind', async (t) => {
  const step = await compile(
    withGradients(({ a }) => ({ loss: tf.sum(tf.square(a!)), other: tf.mean(a!) }), ['a']),
    { a: { dtype: 'float32', shape: [2] } },
    { engine: 'tfjs' },
  )
  await step.run({ a: Float32Array.of(1, 2) })
  const before = tf.memory().numTensors
  await step.run({ a: Float32Array.of(1, 2) })
  t.is(tf.memory().numTensors, before)
})
