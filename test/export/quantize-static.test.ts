import { join } from 'node:path'
import test from 'ava'
import { calibrate, calibrateGraphs } from '../../export/calibrate.ts'
import { exportGraphs } from '../../export/onnx.ts'
import { exportFolder } from '../../export/package.ts'
import { quantizeStatic, scaleOf } from '../../export/quantize-static.ts'
import { floats, graphOf, node, run, versions } from '../engine/onnx/run.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { throwsUserError } from '../user-error.ts'
import { captions, leastCosine, noise, smallModel } from './small-model.ts'

test('scales, worked by hand: zero is exact and both ends are reached', (t) => {
  t.deepEqual(scaleOf([-1, 1.55]), { scale: Math.fround(0.01), zero: 100 })
  t.deepEqual(scaleOf([0.5, 2.55]), { scale: Math.fround(0.01), zero: 0 })
  t.deepEqual(scaleOf([-5.1, -1]), { scale: Math.fround(0.02), zero: 255 })
  t.deepEqual(scaleOf([0, 0]), { scale: 1, zero: 0 })
})

test('one product, worked by hand', async (t) => {
  const graph = graphOf({
    nodes: [node('MatMul', ['x', 'w'], ['y'])],
    initializers: new Map([['w', floats([2, 2], [0.64, -0.51, 0.01, 1])]]),
    inputs: [{ name: 'x', dtype: 'float32', dims: ['b', 2] }],
    outputs: [{ name: 'y', dtype: 'float32', dims: ['b', 2] }],
  })
  const ranges = await calibrate(graph, [{ x: { data: Float32Array.of(-1, 1.55), dims: [1, 2] } }])
  t.deepEqual(
    ranges.get('x')!.map((value) => value.toFixed(2)),
    ['-1.00', '1.55'],
  )
  // x = 0.504 is stored as 0.50, 9 as the end of the range, 1.55; w's columns have the scales 0.01 and 1/64: −0.51 becomes −33/64.
  const { y } = await run(quantizeStatic(graph, ranges), { x: floats([1, 2], [0.504, 9]) })
  const expected = [0.5 * 0.64 + 1.55 * 0.01, 0.5 * (-33 / 64) + 1.55]
  expected.forEach((value, i) => t.true(Math.abs(Number(y!.data[i]) - value) < 1e-5, `${y!.data[i]} ${value}`))
})

for (const version of versions) {
  test(`calibrated towers agree with fp32 in onnxruntime ${version}`, async (t) => {
    const { model, tokenizer, encoder } = await smallModel(t)
    const graphs = exportGraphs(model)
    const ranges = await calibrateGraphs(graphs, tokenizer, { pixels: noise(16, 32, 9), texts: captions })
    const pixels = noise(4, 32)
    const { image_embeds } = await run(quantizeStatic(graphs.vision, ranges.vision_model!), { pixel_values: floats([4, 3, 32, 32], pixels) }, version)
    t.true(leastCosine(image_embeds!.data as Float32Array, await encoder.encodeImages(pixels, 4), 64) > 0.99)
  })
}

test('int8 files are written when there is something to calibrate on', async (t) => {
  const { model, tokenizerDir } = await smallModel(t)
  const out = join(await temporaryFolder(t), 'out')
  const calibration = { pixels: noise(16, 32, 9), texts: captions }
  const { parity, sizes } = await exportFolder(model, { tokenizerDir, out, dtypes: ['fp32', 'int8'], calibration, threads: 1 })
  t.true(parity[1]!.image.mean > 0.99 && parity[1]!.text.mean > 0.97, JSON.stringify(parity[1]))
  t.true(sizes[1]!.bytes.vision_model < 0.4 * sizes[0]!.bytes.vision_model)
  await throwsUserError(t, () => exportFolder(model, { tokenizerDir, out, dtypes: ['int8'] }), {
    expected: /training images and captions to calibrate on/,
  })
})
