import test from 'ava'
import type { TensorData } from '../../../engine/onnx/model.ts'
import { calibrateConv } from '../../../export/conv/calibrate-conv.ts'
import { correctedBias } from '../../../export/conv/corrected-bias.ts'
import { foldWeights } from '../../../export/conv/fold-weights.ts'
import { convUses } from '../../../export/conv/places.ts'
import { quantizeConv } from '../../../export/conv/quantize-conv.ts'
import { roundRows } from '../../../export/conv/round-rows.ts'
import { quantizableWeights } from '../../../export/quantize-weights.ts'
import { floats, graphOf, node, run, versions } from '../../engine/onnx/run.ts'
import { throwsUserError } from '../../user-error.ts'
import { leastCosine, noise } from '../small-model.ts'
import { convTower, towerDim, towerSize } from './conv-tower.ts'

const pointwise = graphOf({
  nodes: [node('Conv', ['x', 'w', 'b'], ['y'], { kernel_shape: [1, 1], group: 1 }), node('Flatten', ['y'], ['z'])],
  initializers: new Map([
    ['w', floats([1, 2, 1, 1], [0.64, -0.51])],
    ['b', floats([1], [0.1])],
  ]),
  inputs: [{ name: 'x', dtype: 'float32', dims: ['b', 2, 1, 1] }],
  outputs: [{ name: 'z', dtype: 'float32', dims: ['b', 1] }],
})
const picture = (...values: number[]) => ({ x: { data: Float32Array.from(values), dims: [1, 2, 1, 1] } })

test('one convolution, worked by hand', async (t) => {
  const observed = await calibrateConv(pointwise, [picture(2.55, 0), picture(0, 2.55)])
  t.deepEqual([...observed.means.get('x')!], [...Float32Array.of(1.275, 1.275)])
  const graph = quantizeConv(pointwise, observed)
  // Scales: x 2.55/255 = 0.01; w 0.64/64 = 0.01, so 64 and −51; b 0.1/(0.01·0.01) = 1000. y lies in −1.2005 … 1.732: scale 0.0115, zero round(104.39).
  const stored = (ending: string) => Array.from([...graph.initializers].find(([name]) => name.endsWith(ending))![1].data, Number)
  t.deepEqual(stored('w_s8'), [64, -51])
  t.deepEqual(stored('_bias'), [1000])
  t.deepEqual(stored('y_zero'), [104])
  t.true(Math.abs(stored('y_scale')[0]! - 2.9325 / 255) < 1e-7)
  // 0.504 is stored as 0.50, 9 as 2.55: 0.32 − 1.3005 + 0.1 = −0.8805, which is −76.57 steps of 0.0115.
  for (const version of versions) {
    const { z } = await run(graph, { x: floats([1, 2, 1, 1], [0.504, 9]) }, version)
    t.true(Math.abs(Number(z!.data[0]) - -77 * 0.0115) < 1e-5, `${z!.data[0]} in ${version}`)
  }
})

test('a bias gives back what rounding adds on average, worked by hand', (t) => {
  const [use] = convUses(pointwise)
  const plain = { ...use!, weight: floats([1, 2, 1, 1], [0.5, 1]), bias: Float32Array.of(0.1) }
  const rounded = { values: Int8Array.of(1, 2), scales: Float32Array.of(0.4), error: 0 }
  // 1·(0.4 − 0.5) + 2·(0.8 − 1) = −0.5
  t.true(Math.abs(correctedBias(plain, rounded, Float32Array.of(1, 2))[0]! - 0.6) < 1e-6)
  t.deepEqual(correctedBias(plain, rounded), Float32Array.of(0.1))
  const depthwise = { ...plain, weight: floats([2, 1, 1, 2], [1, 1, 1, 1]), bias: undefined, group: { inputs: 1, outputs: 1 } }
  const coarse = { values: Int8Array.of(1, 2, 1, 1), scales: Float32Array.of(1, 1), error: 0 }
  t.deepEqual(correctedBias(depthwise, coarse, Float32Array.of(3, 5)), Float32Array.of(-3, 0))
})

test('rows are rounded with no more error than at full range, and outliers are cut off where that is less', (t) => {
  const { values, scales } = roundRows(Float32Array.of(1, 0.5, -1, 0, 1, ...Array<number>(200).fill(0.0123)), 1, 127)
  const lost = (scale: number, level: (w: number) => number) => 200 * (0.0123 - scale * level(0.0123)) ** 2 + 2 * (1 - scale * level(1)) ** 2
  const full = lost(1 / 127, (w) => Math.round(w * 127))
  t.true(lost(scales[0]!, (w) => Math.min(127, Math.round(w / scales[0]!))) <= full)
  t.is(values[0], 127)
  t.is(values[3], 0)
})

for (const version of versions) {
  test(`a tower in eight bits agrees with fp32 in onnxruntime ${version}`, async (t) => {
    const tower = convTower()
    const pictures = Array.from({ length: 24 }, (_, i) => ({ pixel_values: { data: noise(1, towerSize, i), dims: [1, 3, towerSize, towerSize] } }))
    const graph = quantizeConv(tower, await calibrateConv(tower, pictures))
    const pixel_values = floats([4, 3, towerSize, towerSize], noise(4, towerSize, 99))
    const [exact, rough] = [await run(tower, { pixel_values }, version), await run(graph, { pixel_values }, version)]
    t.true(leastCosine(unit(rough.image_embeds!), unit(exact.image_embeds!), towerDim) > 0.999)
    const ops = new Set(graph.nodes.map(({ op }) => op))
    t.false(ops.has('ConvInteger') || ops.has('DynamicQuantizeLinear'))
    const weights = [...graph.initializers.values()].filter(({ dtype, data }) => dtype === 'float32' && data.length > 64)
    t.deepEqual(weights, [], 'no weights are left in fp32')
  })
}

test('a large matrix takes four bits a number, and is worked out in fp32', async (t) => {
  const [outputs, inputs] = [1000, 512]
  const values = noise(1, 414).slice(0, outputs * inputs) // 3·414² numbers
  const head = graphOf({
    nodes: [node('Gemm', ['x', 'w'], ['y'], { transB: 1 })],
    initializers: new Map([['w', floats([outputs, inputs], values)]]),
    inputs: [{ name: 'x', dtype: 'float32', dims: ['b', inputs] }],
    outputs: [{ name: 'y', dtype: 'float32', dims: ['b', outputs] }],
  })
  const stored = quantizeConv(head, { ranges: new Map(), means: new Map() })
  const bytes = [...stored.initializers.values()].reduce((sum, { data }) => sum + data.byteLength, 0)
  t.true(bytes < 0.54 * outputs * inputs, `${bytes} bytes`)
  const x = { x: floats([2, inputs], noise(1, 19).slice(0, 2 * inputs)) }
  for (const version of versions) {
    const [exact, rough] = [await run(head, x, version), await run(stored, x, version)]
    t.true(leastCosine(unit(rough.y!), unit(exact.y!), outputs) > 0.99)
  }
})

test('a convolution that is to stay in fp32 keeps its weights', async (t) => {
  const tower = convTower()
  t.deepEqual(
    quantizableWeights(tower).map(({ name, kind }) => `${kind} ${name}`),
    ['stem', 'depth', 'point', 'mix', 'last'].map((name) => `conv ${name}.weight`),
  )
  const observed = await calibrateConv(tower, [{ pixel_values: { data: noise(1, towerSize), dims: [1, 3, towerSize, towerSize] } }])
  const { initializers, nodes } = quantizeConv(tower, observed, { keepFp32: ['mix.weight'] })
  t.deepEqual(nodes.find(({ inputs }) => inputs[1] === 'mix.weight')!.inputs, ['p', 'mix.weight', 'mix.bias'], 'nothing is rounded before it')
  t.is(initializers.get('mix.weight'), tower.initializers.get('mix.weight'))
  t.false(initializers.has('last.weight'))
  const pixel_values = floats([1, 3, towerSize, towerSize], noise(1, towerSize))
  const exact = unit((await run(tower, { pixel_values })).image_embeds!)
  for (const kept of ['stem', 'depth', 'point', 'mix', 'last']) {
    const partly = await run(quantizeConv(tower, observed, { keepFp32: [`${kept}.weight`] }), { pixel_values })
    t.true(leastCosine(unit(partly.image_embeds!), exact, towerDim) > 0.999, kept)
  }
})

test('weights stored in fewer bits are worked out', async (t) => {
  const int8: TensorData = { dtype: 'int8', dims: [1, 2, 1, 1], data: Int8Array.of(64, -51) }
  const stored = {
    ...pointwise,
    nodes: [node('Cast', ['q'], ['f'], { to: 1 }), node('Mul', ['f', 's'], ['w']), ...pointwise.nodes],
    initializers: new Map([...pointwise.initializers, ['q', int8], ['s', floats([1, 1, 1, 1], [0.01])]]),
  }
  stored.initializers.delete('w')
  const { nodes, initializers } = foldWeights(stored)
  t.deepEqual(
    nodes.map(({ op }) => op),
    ['Conv', 'Flatten'],
  )
  t.deepEqual(initializers.get('w')!.data, Float32Array.of(Math.fround(0.64), Math.fround(-0.51)))
})

test('a graph needs ranges of its own', async (t) => {
  await throwsUserError(t, () => quantizeConv(pointwise, { ranges: new Map(), means: new Map() }), { expected: 'a calibrated range of x' })
})

function unit({ data, dims }: TensorData): Float32Array {
  const rows = Float32Array.from(data, Number)
  const width = dims[1]!
  for (let from = 0; from < rows.length; from += width) {
    const length = Math.hypot(...rows.subarray(from, from + width))
    for (let i = from; i < from + width; i++) rows[i]! /= length
  }
  return rows
}
