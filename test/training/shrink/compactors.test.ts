import test from 'ava'
import { gradientOf, withGradients } from '../../../engine/gradients.ts'
import { type Params, paramData, paramInputs } from '../../../engine/params.ts'
import { tf } from '../../../engine/tf.ts'
import type { Gate } from '../../../models/gates.ts'
import { compacted, compactorOf, createCompactors, maskOf, rowLengths, survivors } from '../../../training/shrink/compactors.ts'
import { maskRows, shrinkRows } from '../../../training/shrink/lasso.ts'
import { agree, close, gaussian } from '../../engine/oracle.ts'

/** Two heads of two channels, over three inputs. */
const gate: Gate = { before: 'v', after: 'o', groups: 2, channels: 4 }

function random(): Params {
  const params: Params = { 'v.weight': { shape: [4, 3], data: gaussian(12, 1) }, 'v.bias': { shape: [4], data: gaussian(4, 2) } }
  const own = createCompactors([gate])
  own[compactorOf(gate)]!.data.set(gaussian(8, 3))
  return { ...params, ...own }
}

test('compactors begin as identities: the same weights', async (t) => {
  const params = { ...random(), ...createCompactors([gate]) }
  t.deepEqual([...params[compactorOf(gate)]!.data], [1, 0, 0, 1, 1, 0, 0, 1])
  t.deepEqual([...params[maskOf(gate)]!.data], [1, 1, 1, 1])
  const results = await agree(t, (inputs) => onlyWeights(compacted(inputs, [gate])), paramInputs(params), paramData(params))
  close(t, results.weight!, params['v.weight']!.data, 0, 'weight')
  close(t, results.bias!, params['v.bias']!.data, 0, 'bias')
})

test('without compactors nothing changes', async (t) => {
  const { 'v.weight': weight, 'v.bias': bias } = random()
  const params = { 'v.weight': weight!, 'v.bias': bias! }
  const results = await agree(t, (inputs) => onlyWeights(compacted(inputs, [gate])), paramInputs(params), paramData(params))
  close(t, results.weight!, weight!.data, 0, 'weight')
})

const onlyWeights = (all: Record<string, tf.Tensor>) => ({ weight: all['v.weight']!, bias: all['v.bias']! })

test('multiplied into the weights they do what they do between two maps, head by head, and get the same gradients', async (t) => {
  const params = random()
  const x = gaussian(15, 4) // [5, 3]
  const specs = { ...paramInputs(params), x: { dtype: 'float32' as const, shape: [5, 3] } }
  const feeds = { ...paramData(params), x }
  const names = ['v.weight', 'v.bias', compactorOf(gate)]
  const loss = (y: tf.Tensor) => ({ loss: tf.sum(tf.mul(tf.sigmoid(y), y)), y })
  const into = withGradients((inputs) => {
    const all = compacted(inputs, [gate])
    return loss(tf.add(tf.matMul(inputs.x!, all['v.weight']!, false, true), all['v.bias']!))
  }, names)
  const between = withGradients((inputs) => {
    const before = tf.add(tf.matMul(inputs.x!, inputs['v.weight']!, false, true), inputs['v.bias']!) // [5, 4]
    const heads = tf.transpose(tf.reshape(before, [5, 2, 2]), [1, 0, 2]) // [2, 5, 2]
    const mixed = tf.matMul(heads, inputs[compactorOf(gate)]!, false, true)
    return loss(tf.reshape(tf.transpose(mixed, [1, 0, 2]), [5, 4]))
  }, names)
  const [got, want] = [await agree(t, into, specs, feeds), await agree(t, between, specs, feeds)]
  for (const name of ['loss', 'y', ...names.map(gradientOf)]) close(t, got[name]!, want[name]!, 1e-5, name)
})

test('the lasso takes the same length from every row and stops at 0: worked out by hand', (t) => {
  const compactor = { shape: [1, 2, 2], data: Float32Array.of(3, 4, 0, 0.5) }
  t.deepEqual([...rowLengths(compactor)], [5, 0.5])
  shrinkRows(compactor, () => 1)
  close(t, compactor.data, [2.4, 3.2, 0, 0], 1e-6, 'rows of length 4 and 0')
  shrinkRows(compactor, () => 4)
  close(t, compactor.data, [0, 0, 0, 0], 1e-6, 'gone')
  shrinkRows(compactor, () => 4)
  t.true(
    compactor.data.every((value) => value === 0),
    'and stays gone',
  )
  const two = { shape: [1, 2, 2], data: Float32Array.of(3, 4, 0, 2) }
  shrinkRows(two, (row) => row)
  close(t, two.data, [3, 4, 0, 1], 1e-6, 'an amount for every row')
})

test('the lasso is the proximal step of λ·|Q|₂: no other point is better', (t) => {
  const before = gaussian(4, 7)
  const compactor = { shape: [1, 1, 4], data: before.slice() }
  const amount = 0.3
  shrinkRows(compactor, () => amount)
  const cost = (row: ArrayLike<number>) => {
    const values = Array.from(row)
    return 0.5 * values.reduce((sum, value, i) => sum + (value - before[i]!) ** 2, 0) + amount * Math.hypot(...values)
  }
  const best = cost(compactor.data)
  for (let i = 0; i < 50; i++) {
    const noise = gaussian(4, 8, i)
    t.true(cost(compactor.data.map((value, j) => value + 0.05 * noise[j]!)) > best)
  }
})

test('masked rows get no gradient', (t) => {
  const gradient = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8) // [2, 2, 2]
  maskRows(gradient, Float32Array.of(1, 0, 0, 1))
  t.deepEqual([...gradient], [1, 2, 0, 0, 0, 0, 7, 8])
})

test('survivors by head; at least one is left', (t) => {
  const params = createCompactors([gate])
  params[compactorOf(gate)]!.data.set([0, 0, 0, 0.9, 1e-6, 0, 0, 2e-6])
  t.deepEqual(survivors(params, gate), [[1], [1]])
  t.deepEqual(survivors(createCompactors([gate]), gate), [
    [0, 1],
    [0, 1],
  ])
})
