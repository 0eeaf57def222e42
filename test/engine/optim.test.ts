import test from 'ava'
import { adamw } from '../../engine/optim/adamw.ts'
import { accumulate, clipScale, globalNorm } from '../../engine/optim/gradients.ts'
import { warmupCosine } from '../../engine/optim/schedule.ts'
import type { Params } from '../../engine/params.ts'
import { close, gaussian } from './oracle.ts'

test('AdamW, two steps worked out by hand', (t) => {
  const params: Params = { w: { shape: [1, 2], data: Float32Array.of(1, -2) } }
  const optimizer = adamw(params, ['w'], { betas: [0.9, 0.99], epsilon: 0, weightDecay: 0.1 })
  // Step 1: m̂ = g and v̂ = g², so each parameter moves by sign(g) + 0.1·p, times 0.1.
  optimizer.update({ w: Float32Array.of(0.5, -1) }, 0.1)
  close(t, params.w!.data, [1 - 0.1 * (1 + 0.1), -2 - 0.1 * (-1 - 0.2)], 1e-6, 'after step 1') // 0.89, −1.88
  // Step 2: the first gradient is the same again, m̂/√v̂ = 1. The second: m = 0.9·(−0.1) + 0.1 = 0.01, m̂ = 0.01/0.19 = 1/19,
  // v = 0.99·0.01 + 0.01 = 0.0199, v̂ = 0.0199/0.0199 = 1.
  optimizer.update({ w: Float32Array.of(0.5, 1) }, 0.1)
  close(t, params.w!.data, [0.89 - 0.1 * (1 + 0.089), -1.88 - 0.1 * (1 / 19 - 0.188)], 1e-6, 'after step 2')
  close(t, optimizer.state['m:w']!.data, [0.095, 0.01], 1e-6, 'first moment')
  close(t, optimizer.state['v:w']!.data, [0.004975, 0.0199], 1e-6, 'second moment')
  t.is(optimizer.steps, 2)
})

test('AdamW as a plain float64 implementation over 50 steps', (t) => {
  const [beta1, beta2, epsilon, decay] = [0.8, 0.95, 1e-3, 0.05]
  const data = gaussian(6, 1)
  const p = Array.from(data)
  const m = p.map(() => 0)
  const v = p.map(() => 0)
  const optimizer = adamw({ w: { shape: [2, 3], data } }, ['w'], { betas: [beta1, beta2], epsilon, weightDecay: decay })
  for (let step = 1; step <= 50; step++) {
    const gradient = gaussian(6, 2, step)
    const rate = 0.01 / step
    optimizer.update({ w: gradient }, rate, 0.5)
    for (const i of p.keys()) {
      const g = 0.5 * gradient[i]!
      p[i]! *= 1 - rate * decay // decoupled: the decay never enters the moments
      m[i] = beta1 * m[i]! + (1 - beta1) * g
      v[i] = beta2 * v[i]! + (1 - beta2) * g ** 2
      p[i]! -= (rate * (m[i]! / (1 - beta1 ** step))) / (Math.sqrt(v[i]! / (1 - beta2 ** step)) + epsilon)
    }
  }
  close(t, data, p, 1e-5, 'parameters')
})

test('AdamW over more numbers than fit into its memory at once, and over counts that four does not divide', (t) => {
  const sizes = [1, 5, 32768, 70_003]
  const params: Params = Object.fromEntries(sizes.map((count) => [`p${count}`, { shape: [count, 1], data: gaussian(count, 3, count) }]))
  const before = Object.fromEntries(Object.entries(params).map(([name, { data }]) => [name, data.slice()]))
  const gradients = Object.fromEntries(sizes.map((count) => [`p${count}`, gaussian(count, 4, count)]))
  const optimizer = adamw(params, Object.keys(params), { betas: [0.9, 0.98], epsilon: 1e-6, weightDecay: 0.1 })
  optimizer.update(gradients, 0.01, 0.25)
  for (const [name, { data }] of Object.entries(params)) {
    const slopes = Array.from(gradients[name]!, (g) => 0.25 * g)
    const want = Array.from(before[name]!, (p, i) => p * (1 - 0.001) - (0.01 * slopes[i]!) / (Math.abs(slopes[i]!) + 1e-6)) // m̂ = g, v̂ = g²
    close(t, data, want, 1e-6, name)
    close(
      t,
      optimizer.state[`m:${name}`]!.data,
      Array.from(slopes, (g) => 0.1 * g),
      1e-6,
      `first moment of ${name}`,
    )
    close(
      t,
      optimizer.state[`v:${name}`]!.data,
      Array.from(slopes, (g) => 0.02 * g ** 2),
      1e-6,
      `second moment of ${name}`,
    )
  }
})

test('decay acts on matrices, not on biases, norms and the logit scale', (t) => {
  const params: Params = {
    matrix: { shape: [1, 1], data: Float32Array.of(1) },
    patches: { shape: [1, 1, 1, 1], data: Float32Array.of(1) },
    bias: { shape: [1], data: Float32Array.of(1) },
    logit_scale: { shape: [], data: Float32Array.of(1) },
  }
  const zero = Object.fromEntries(Object.keys(params).map((name) => [name, new Float32Array(1)]))
  adamw(params, Object.keys(params), { weightDecay: 0.1 }).update(zero, 0.5)
  const values = Object.values(params).map(({ data }) => data[0]!)
  close(t, values, [0.95, 0.95, 1, 1], 1e-7, 'after one step without gradients')
})

test('a parameter without a gradient keeps its value and its moments', (t) => {
  const params: Params = { a: { shape: [1, 1], data: Float32Array.of(2) }, b: { shape: [1, 1], data: Float32Array.of(2) } }
  const optimizer = adamw(params, ['a', 'b'])
  optimizer.update({ a: Float32Array.of(1) }, 0.1)
  t.is(params.b!.data[0], 2)
  t.is(optimizer.state['m:b']!.data[0], 0)
  t.not(params.a!.data[0], 2)
})

test('warm-up and cosine', (t) => {
  const schedule = warmupCosine(8, 4, 12)
  const cosine = Array.from({ length: 8 }, (_, i) => 4 * (1 + Math.cos((Math.PI * i) / 8)))
  close(
    t,
    Array.from({ length: 12 }, (_, step) => schedule(step)),
    [2, 4, 6, 8, ...cosine],
    1e-12,
    'rates',
  )
  t.true(schedule(11) > 0)
  t.is(schedule(12), 0)
  t.is(schedule(99), 0)
  t.is(warmupCosine(3, 0, 10)(0), 3)
  const short = warmupCosine(8, 100, 8) // a try of a few steps: up to the peak, and down again
  t.deepEqual([short(0), short(3), short(8)], [2, 8, 0])
})

test('global norm and clipping', (t) => {
  const norm = globalNorm({ a: Float32Array.of(3, 0), b: Float32Array.of(0, 4) })
  t.is(norm, 5)
  t.is(clipScale(norm, 1), 0.2)
  t.is(clipScale(norm, 5), 1)
  t.is(clipScale(0, 1), 1)
})

test('accumulate takes over what only one micro-batch has', (t) => {
  const sum = accumulate({ a: Float32Array.of(1) }, { a: Float32Array.of(2), b: Float32Array.of(3) })
  t.deepEqual(accumulate(sum, { b: Float32Array.of(4) }), { a: Float32Array.of(3), b: Float32Array.of(7) })
})

test('accumulate adds up, and keeps the first arrays', (t) => {
  const first = { a: Float32Array.of(1, 2) }
  t.is(accumulate(undefined, first), first)
  t.deepEqual(accumulate(first, { a: Float32Array.of(10, 20) }), { a: Float32Array.of(11, 22) })
})
