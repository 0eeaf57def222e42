import test from 'ava'
import { linear } from '../../engine/fused.ts'
import { gradientOf } from '../../engine/gradients.ts'
import { paramData, paramInputs } from '../../engine/params.ts'
import { tf } from '../../engine/tf.ts'
import type { TensorFunction, Tensors } from '../../engine/trace/trace.ts'
import { towerCounts } from '../../models/dual-encoder.ts'
import { allGates, gateFeatures, gatesOf } from '../../models/gates.ts'
import { inherit } from '../../models/inherit.ts'
import { norm } from '../../models/layers.ts'
import { textTower } from '../../models/text.ts'
import { evenParams, unevenParams } from '../../models/uneven.ts'
import { imageTower } from '../../models/vision.ts'
import { trainingStep } from '../../training/step.ts'
import { agree, close, eager, gaussian } from '../engine/oracle.ts'
import { throwsUserError } from '../user-error.ts'
import { tinyConfig, tinyModel, tinyTexts } from './tiny.ts'

const [B, T] = [3, 6]
const { hidden_size: D } = tinyConfig.text_config
const size = tinyConfig.vision_config.image_size
const uneven = {
  ...tinyConfig,
  vision_config: { ...tinyConfig.vision_config, intermediate_size: 9, intermediate_sizes: [5, 9], value_sizes: [3, 1] },
  text_config: { ...tinyConfig.text_config, intermediate_size: 7, intermediate_sizes: [7], value_sizes: [2] },
}

test('gates of both towers, values before the MLP', (t) => {
  t.deepEqual(
    allGates(uneven).map(({ before, after, groups, channels }) => `${before} → ${after}: ${groups} × ${channels / groups}`),
    [
      'vision_model.encoder.layers.0.self_attn.v_proj → vision_model.encoder.layers.0.self_attn.out_proj: 2 × 3',
      'vision_model.encoder.layers.0.mlp.fc1 → vision_model.encoder.layers.0.mlp.fc2: 1 × 5',
      'vision_model.encoder.layers.1.self_attn.v_proj → vision_model.encoder.layers.1.self_attn.out_proj: 2 × 1',
      'vision_model.encoder.layers.1.mlp.fc1 → vision_model.encoder.layers.1.mlp.fc2: 1 × 9',
      'text_model.encoder.layers.0.self_attn.v_proj → text_model.encoder.layers.0.self_attn.out_proj: 3 × 2',
      'text_model.encoder.layers.0.mlp.fc1 → text_model.encoder.layers.0.mlp.fc2: 1 × 7',
    ],
  )
})

test('gate features of texts are means over their tokens, without padding; of the last MLP those of the pooled token', async (t) => {
  const { params } = tinyModel()
  const texts = tinyTexts(B, T)
  const layer = 'text_model.encoder.layers.0'
  const direct: TensorFunction = (inputs) => {
    const { hidden, means } = textTower(inputs, tinyConfig, inputs.input_ids!, inputs.attention_mask!)
    // Layer 0 alone, written out: tokens and places, norm, v_proj; the MLP's input is found back from the layer's output.
    const places = tf.slice(inputs['text_model.embeddings.position_embedding.weight']!, [0, 0], [T, D])
    const x = tf.add(tf.gather(inputs['text_model.embeddings.token_embedding.weight']!, inputs.input_ids!), places)
    const values = linear(norm(inputs, `${layer}.layer_norm1`, x), inputs[`${layer}.self_attn.v_proj.weight`]!)
    return { features: gateFeatures(inputs, gatesOf('text', tinyConfig), means), values, hidden }
  }
  const specs = {
    ...paramInputs(params),
    input_ids: { dtype: 'int32' as const, shape: [B, T] },
    attention_mask: { dtype: 'int32' as const, shape: [B, T] },
  }
  const results = await agree(t, direct, specs, { ...paramData(params), ...texts })
  const bias = params[`${layer}.self_attn.v_proj.bias`]!.data
  const columns = results.features!.length / B
  for (let row = 0; row < B; row++) {
    const tokens = texts.attention_mask.subarray(row * T, (row + 1) * T).reduce((sum, one) => sum + one, 0)
    const expected = Array.from({ length: D }, (_, d) => {
      let sum = 0
      for (let i = 0; i < tokens; i++) sum += results.values![(row * T + i) * D + d]! + bias[d]!
      return sum / tokens
    })
    close(t, results.features!.subarray(row * columns, row * columns + D), expected, 1e-5, `values of text ${row}`)
  }
})

test('what padding holds does not reach the gates, and single texts give what batches give', async (t) => {
  const { params } = tinyModel()
  const texts = tinyTexts(B, T)
  const fn: TensorFunction = (inputs) => ({
    features: gateFeatures(inputs, gatesOf('text', tinyConfig), textTower(inputs, tinyConfig, inputs.input_ids!, inputs.attention_mask!).means),
  })
  const features = async (ids: Int32Array, mask: Int32Array, shape: number[]) => {
    const specs = { ...paramInputs(params), input_ids: { dtype: 'int32' as const, shape }, attention_mask: { dtype: 'int32' as const, shape } }
    return (await eager(fn, specs, { ...paramData(params), input_ids: ids, attention_mask: mask })).features!
  }
  const all = await features(texts.input_ids, texts.attention_mask, [B, T])
  const changed = texts.input_ids.map((id, i) => (texts.attention_mask[i] === 1 ? id : 7))
  close(t, await features(changed, texts.attention_mask, [B, T]), all, 1e-6, 'other padding')
  const columns = all.length / B
  const short = 1 + 1 // the second text has a token less than the first
  const one = await features(texts.input_ids.slice(T, 2 * T - 1), texts.attention_mask.slice(T, 2 * T - 1), [1, T - 1])
  close(t, one, all.subarray(columns, short * columns), 1e-5, 'without its padding')
})

test('gate features of images: patches and class token count alike', async (t) => {
  const { params } = tinyModel()
  const pixel_values = gaussian(B * 3 * size * size, 4)
  const fn: TensorFunction = (inputs: Tensors) => {
    const { means } = imageTower(inputs, tinyConfig, inputs.pixel_values!)
    return { features: gateFeatures(inputs, gatesOf('image', tinyConfig), means) }
  }
  const specs = { ...paramInputs(params), pixel_values: { dtype: 'float32' as const, shape: [B, 3, size, size] } }
  const { features } = await agree(t, fn, specs, { ...paramData(params), pixel_values })
  t.is(features!.length, B * 2 * (8 + 32))
})

test('layers of unequal size compute what they compute padded with zeros, and padding comes off again', async (t) => {
  const model = tinyModel(uneven)
  const padded = evenParams(model)
  t.deepEqual(padded['vision_model.encoder.layers.0.mlp.fc1.weight']!.shape, [9, 8])
  t.deepEqual(padded['vision_model.encoder.layers.1.self_attn.v_proj.weight']!.shape, [8, 8])
  t.deepEqual(padded['text_model.encoder.layers.0.self_attn.out_proj.weight']!.shape, [12, 12])
  t.deepEqual(unevenParams(padded, uneven), model.params)
  const even = {
    ...uneven,
    vision_config: { ...tinyConfig.vision_config, intermediate_size: 9 },
    text_config: { ...tinyConfig.text_config, intermediate_size: 7 },
  }
  const { image, text } = towerCounts(uneven)
  t.true(image < towerCounts(even).image && text < towerCounts(even).text)
  const embeds =
    (config: typeof tinyConfig): TensorFunction =>
    (inputs) => ({
      image: imageTower(inputs, config, inputs.pixel_values!).embedding,
      text: textTower(inputs, config, inputs.input_ids!, inputs.attention_mask!).embedding,
    })
  const data = { ...tinyTexts(B, T), pixel_values: gaussian(B * 3 * size * size, 4) }
  const inputs = {
    pixel_values: { dtype: 'float32' as const, shape: [B, 3, size, size] },
    input_ids: { dtype: 'int32' as const, shape: [B, T] },
    attention_mask: { dtype: 'int32' as const, shape: [B, T] },
  }
  const small = await agree(t, embeds(uneven), { ...paramInputs(model.params), ...inputs }, { ...paramData(model.params), ...data })
  const large = await eager(embeds(even), { ...paramInputs(padded), ...inputs }, { ...paramData(padded), ...data })
  for (const name of ['image', 'text'] as const) close(t, small[name]!, large[name]!, 1e-5, name)
})

test('a step trains layers of unequal size', async (t) => {
  const { params } = tinyModel(uneven)
  const shape = { batchSize: B, textLength: T, languages: ['en'], keepPatches: 1 }
  const { fn, specs } = trainingStep(uneven, params, Object.keys(params), { task: 1 }, shape)
  const positives = Float32Array.from({ length: B * B }, (_, i) => (i % (B + 1) === 0 ? 1 : 0))
  const feeds = { ...paramData(params), ...tinyTexts(B, T), pixel_values: gaussian(B * 3 * size * size, 4), 'positives:en': positives }
  const results = await agree(t, fn, specs, feeds)
  for (const [name, { data }] of Object.entries(params)) t.is(results[gradientOf(name)]!.length, data.length, name)
})

test('weights are not inherited from layers of unequal size', async (t) => {
  const target = { ...tinyConfig, vision_config: { ...tinyConfig.vision_config, intermediate_size: 4 } }
  await throwsUserError(t, () => inherit(tinyModel(uneven), target), {
    expected: /layers of equal size in the source's image tower/,
    got: /a pruned one/,
  })
})
