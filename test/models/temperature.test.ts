import test from 'ava'
import { gradientOf, withGradients } from '../../engine/gradients.ts'
import { adamw } from '../../engine/optim/adamw.ts'
import { tf } from '../../engine/tf.ts'
import { boundedExp } from '../../models/temperature.ts'
import { agree, close, eager } from '../engine/oracle.ts'

const specs = { p: { dtype: 'float32' as const, shape: [] }, slope: { dtype: 'float32' as const, shape: [] } }
const step = withGradients((params, inputs) => ({ loss: tf.mul(boundedExp(params.p!), inputs.slope!), s: boundedExp(params.p!) }), ['p'])
const high = Math.log(100)

test('exp within the bounds, with its own slope', async (t) => {
  for (const p of [0.001, 1, Math.log(1 / 0.07), 4.6]) {
    const results = await agree(t, step, specs, { p: Float32Array.of(p), slope: Float32Array.of(-2) })
    close(t, results.s!, [Math.exp(p)], 1e-6, `${p}`)
    close(t, results[gradientOf('p')]!, [-2 * Math.exp(p)], 1e-5, `slope at ${p}`)
  }
})

test('beyond a bound: the value of the bound, and a slope only where descent leads back', async (t) => {
  const at = async (p: number, slope: number) => {
    const results = await agree(t, step, specs, { p: Float32Array.of(p), slope: Float32Array.of(slope) })
    return [results.s![0]!, results[gradientOf('p')]![0]!] as const
  }
  for (const [p, bound] of [
    [high + 0.01, 100],
    [-0.01, 1],
  ] as const) {
    const back = bound === 100 ? 1 : -1 // the sign of the slope whose descent leads back
    const [s, gradient] = await at(p, back)
    close(t, [s], [bound], 1e-6, `s at ${p}`)
    close(t, [gradient], [back * bound], 1e-5, `back from ${p}`)
    t.is(Math.abs((await at(p, -back))[1]), 0, `no further from ${p}`)
  }
})

test('a temperature that stepped over its bound comes back', async (t) => {
  const params = { p: { shape: [], data: Float32Array.of(high + 0.05) } }
  const optimizer = adamw(params, ['p'])
  for (let i = 0; i < 20; i++) {
    const results = await eager(step, specs, { p: params.p.data, slope: Float32Array.of(0.3) })
    optimizer.update({ p: results[gradientOf('p')]! }, 0.01)
  }
  t.true(params.p.data[0]! < high - 0.1, `${params.p.data[0]}`)
})
