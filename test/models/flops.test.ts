import test from 'ava'
import type { Graph } from '../../engine/onnx/model.ts'
import { prune } from '../../engine/onnx/passes.ts'
import { paramInputs } from '../../engine/params.ts'
import { GraphBuilder } from '../../engine/trace/graph.ts'
import { type InputSpecs, type TensorFunction, trace } from '../../engine/trace/trace.ts'
import { type ClipConfig, preset, presetNames } from '../../models/config.ts'
import { createDualEncoder, dualEncoderParams } from '../../models/dual-encoder.ts'
import { stepFlops, towerFlops } from '../../models/flops.ts'
import { textTower } from '../../models/text.ts'
import { imageTower } from '../../models/vision.ts'
import { trainingStep } from '../../training/step.ts'
import { keptPatches } from '../../training/step-shape.ts'
import { tinyConfig } from './tiny.ts'

/** FLOPs of the matrix products in a traced graph, from the shapes the tracer gave its values. */
function countedFlops(fn: TensorFunction, specs: InputSpecs): number {
  const shapes = new Map(Object.entries(specs).map(([name, { shape }]) => [name, shape]))
  const { emitMany } = GraphBuilder.prototype
  GraphBuilder.prototype.emitMany = function (...args) {
    const values = emitMany.apply(this, args)
    for (const { name, shape } of values) shapes.set(name, shape)
    return values
  }
  let graph: Graph
  try {
    graph = prune(trace(fn, specs))
  } finally {
    GraphBuilder.prototype.emitMany = emitMany
  }
  const products = graph.nodes.filter(({ op }) => op === 'MatMul' || op === 'FusedMatMul')
  return products.reduce((sum, { inputs, outputs, attributes }) => {
    const inner = shapes.get(inputs[0]!)!.at(attributes.transA ? -2 : -1)!
    return sum + 2 * inner * shapes.get(outputs[0]!)!.reduce((product, dim) => product * dim, 1)
  }, 0)
}

const configs: Record<string, ClipConfig> = {
  'the tiny test model': tinyConfig,
  ...Object.fromEntries(presetNames.map((name) => [name, preset(name, { vocabSize: 300 })])),
}

for (const [name, config] of Object.entries(configs)) {
  const params = paramInputs(dualEncoderParams(config))
  const size = config.vision_config.image_size
  const batch = 3

  test(`${name}: tower FLOPs are those of the traced graph`, (t) => {
    for (const textLength of [2, 7]) {
      const ids = { dtype: 'int32' as const, shape: [batch, textLength] }
      const counted = countedFlops((inputs) => ({ y: textTower(inputs, config, inputs.ids!, inputs.mask!).embedding }), { ...params, ids, mask: ids })
      t.is(batch * towerFlops(config, { textLength }).text, counted)
    }
    const pixels = { dtype: 'float32' as const, shape: [batch, 3, size, size] }
    const whole = countedFlops((inputs) => ({ y: imageTower(inputs, config, inputs.pixels!).embedding }), { ...params, pixels })
    t.is(batch * towerFlops(config, { textLength: 1 }).image, whole)
    const keep = { dtype: 'int32' as const, shape: [batch, 2] }
    const masked = countedFlops((inputs) => ({ y: imageTower(inputs, config, inputs.pixels!, inputs.keep!).embedding }), { ...params, pixels, keep })
    t.is(batch * towerFlops(config, { textLength: 1, keptPatches: 2 }).image, masked)
  })
}

test('FLOPs of a training step of the base preset are those of the traced graph to 2 %', (t) => {
  const config = preset('base', { vocabSize: 300 })
  for (const keepPatches of [1, 0.5]) {
    const shape = { batchSize: 64, textLength: 16, languages: ['en', 'zh'], keepPatches }
    const { params } = createDualEncoder(config, 1)
    const { fn, specs } = trainingStep(config, params, Object.keys(params), { task: 1 }, shape)
    const counted = countedFlops(fn, specs)
    const claimed = stepFlops(config, { ...shape, keptPatches: keptPatches(config, keepPatches) })
    t.true(Math.abs(claimed / counted - 1) < 0.02, `claimed ${claimed}, counted ${counted}: ${claimed / counted}`)
  }
})

test('FLOPs worked out by hand', (t) => {
  const tower = { hidden_size: 2, intermediate_size: 3, num_hidden_layers: 2, num_attention_heads: 1 }
  const config = {
    projection_dim: 5,
    vision_config: { ...tower, image_size: 4, patch_size: 2 },
    text_config: { ...tower, vocab_size: 9, max_position_embeddings: 4 },
  }
  // Text of 3 tokens. First layer: q, k, v, out 4·2·3·2·2 = 96, MLP 2·2·3·2·3 = 72, scores and mixing 2·2·3·3·2 = 72. Second: k, v
  // 2·2·3·2·2 = 48, q, out 2·2·2·2 = 16, MLP 2·2·2·3 = 24, scores and mixing 2·2·3·2 = 24. Pooling 2·2·3·2 + 2·3·3 = 42, projection 2·2·5 = 20.
  // Image of 4 patches, 5 tokens: 160 + 120 + 200, then 80 + 16 + 24 + 40; patches 2·4·12·2 = 192, projection 20.
  t.deepEqual(towerFlops(config, { textLength: 3 }), { text: 414, image: 852 })
  t.is(stepFlops(config, { batchSize: 2, languages: ['en', 'zh'], textLength: 3 }), 3 * 2 * (852 + 2 * 414))
  const one = towerFlops(config, { textLength: 1 }).text
  const textBlocks = [
    { rows: 1, tokens: 3 },
    { rows: 3, tokens: 1 },
  ]
  t.is(stepFlops(config, { batchSize: 2, languages: ['en', 'zh'], textLength: 3, textBlocks }), 3 * (2 * 852 + 414 + 3 * one))
})
