import test from 'ava'
import { permutation, random } from '../../base/random.ts'
import { linear } from '../../engine/fused.ts'
import { encodeModel } from '../../engine/onnx/proto.ts'
import { paramInputs } from '../../engine/params.ts'
import { openSession } from '../../engine/runtime.ts'
import { tf } from '../../engine/tf.ts'
import type { TensorFunction } from '../../engine/trace/trace.ts'
import { norm, normalize } from '../../models/layers.ts'
import { textTower } from '../../models/text.ts'
import { bindParams, traceTower } from '../../models/towers.ts'
import { imageTower, patchCount } from '../../models/vision.ts'
import { close, eager, type Feeds, gaussian, threads } from '../engine/oracle.ts'
import { tinyConfig, tinyModel, tinyTexts } from './tiny.ts'

const config = { ...tinyConfig, text_config: { ...tinyConfig.text_config, max_position_embeddings: 32 } }
const { params } = tinyModel(config)
const weights = Object.fromEntries(Object.entries(params).map(([name, { data }]) => [name, data]))
const size = config.vision_config.image_size

function eagerly(fn: TensorFunction, shapes: Record<string, number[]>, feeds: Feeds): Promise<Record<string, Float32Array>> {
  const inputs = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [
      name,
      { dtype: feeds[name] instanceof Int32Array ? ('int32' as const) : ('float32' as const), shape },
    ]),
  )
  return eager(fn, { ...paramInputs(params), ...inputs }, { ...weights, ...feeds })
}

const textEmbeds: TensorFunction = (inputs) => ({
  text_embeds: normalize(textTower(inputs, config, inputs.input_ids!, inputs.attention_mask!).embedding),
})
const imageEmbeds: TensorFunction = (inputs) => ({ image_embeds: normalize(imageTower(inputs, config, inputs.pixel_values!, inputs.keep).embedding) })

for (const cpuOnly of [true, false]) {
  const kind = cpuOnly ? 'with cpuOnly ops' : 'in standard ops only'

  test(`text tower ${kind}: any batch and length gives the eager result`, async (t) => {
    const graph = bindParams(traceTower('text', config, { cpuOnly }), params)
    t.deepEqual(
      graph.inputs.map(({ name, dims }) => [name, ...dims]),
      [
        ['input_ids', 'batch_size', 'sequence_length'],
        ['attention_mask', 'batch_size', 'sequence_length'],
      ],
    )
    t.deepEqual(graph.outputs, [{ name: 'text_embeds', dtype: 'float32', dims: ['batch_size', config.projection_dim] }])
    if (!cpuOnly) t.deepEqual(graph.opsets, { '': 17 })
    const session = await openSession(encodeModel(graph), { threads })
    for (const batch of [1, 3, 7]) {
      for (const length of [4, 9, 32]) {
        const texts = tinyTexts(batch, length)
        const want = await eagerly(textEmbeds, { input_ids: [batch, length], attention_mask: [batch, length] }, texts)
        const dims = [batch, length]
        const got = await session.run({ input_ids: { data: texts.input_ids, dims }, attention_mask: { data: texts.attention_mask, dims } })
        t.deepEqual(got.text_embeds!.dims, [batch, config.projection_dim])
        close(t, got.text_embeds!.data as Float32Array, want.text_embeds!, 1e-5, `[${dims}]`)
      }
    }
    await session.release()
  })

  test(`image tower ${kind}: any batch gives the eager result`, async (t) => {
    const graph = bindParams(traceTower('image', config, { cpuOnly }), params)
    const session = await openSession(encodeModel(graph), { threads })
    for (const batch of [1, 3, 7]) {
      const pixel_values = gaussian(batch * 3 * size * size, batch)
      const want = await eagerly(imageEmbeds, { pixel_values: [batch, 3, size, size] }, { pixel_values })
      const got = await session.run({ pixel_values: { data: pixel_values, dims: [batch, 3, size, size] } })
      close(t, got.image_embeds!.data as Float32Array, want.image_embeds!, 1e-5, `[${batch}]`)
    }
    await session.release()
  })
}

test('bindParams makes constants of exactly the parameters, and no copy of them', (t) => {
  const graph = traceTower('image', config, { cpuOnly: true })
  const bound = bindParams(graph, params)
  t.deepEqual(
    bound.inputs.map(({ name }) => name),
    ['pixel_values'],
  )
  t.true(graph.inputs.length > 10)
  t.is(bound.initializers.get('visual_projection.weight')!.data, params['visual_projection.weight']!.data)
})

test('text is pooled at its last attended token, however much padding follows', async (t) => {
  const tokens = [1, 5, 7, 3]
  const embed = async (length: number, filler: number) => {
    const input_ids = Int32Array.from({ length }, (_, i) => tokens[i] ?? filler)
    const attention_mask = Int32Array.from({ length }, (_, i) => (i < tokens.length ? 1 : 0))
    return (await eagerly(textEmbeds, { input_ids: [1, length], attention_mask: [1, length] }, { input_ids, attention_mask })).text_embeds!
  }
  const alone = await embed(4, 0)
  close(t, await embed(5, 0), alone, 1e-6, 'one token of padding')
  close(t, await embed(20, 9), alone, 1e-6, 'sixteen, of another id')
  const cut = (
    await eagerly(
      textEmbeds,
      { input_ids: [1, 3], attention_mask: [1, 3] },
      { input_ids: Int32Array.of(1, 5, 7), attention_mask: Int32Array.of(1, 1, 1) },
    )
  ).text_embeds!
  t.true(
    cut.some((value, i) => Math.abs(value - alone[i]!) > 1e-3),
    'the last token counts',
  )
})

test('the embedding is that of the whole last layer, of which only the pooled token is computed', async (t) => {
  const batch = 3
  const length = 6
  const texts = tinyTexts(batch, length)
  const attended = Array.from({ length: batch }, (_, row) =>
    texts.attention_mask.subarray(row * length, (row + 1) * length).reduce((a, b) => a + b, 0),
  )
  const text: TensorFunction = (inputs) => {
    const { embedding, hidden, attention } = textTower(inputs, config, inputs.input_ids!, inputs.attention_mask!)
    const rows = attended.map((tokens, row) => tf.slice(hidden, [row, tokens - 1, 0], [1, 1, -1]).reshape([1, -1]))
    return { embedding, attention, whole: linear(norm(inputs, 'text_model.final_layer_norm', tf.concat(rows)), inputs['text_projection.weight']!) }
  }
  const texted = await eagerly(text, { input_ids: [batch, length], attention_mask: [batch, length] }, texts)
  close(t, texted.embedding!, texted.whole!, 1e-5, 'text')
  const sums = Array.from({ length: texted.attention!.length / length }, (_, row) =>
    texted.attention!.subarray(row * length, (row + 1) * length).reduce((a, b) => a + b, 0),
  )
  close(
    t,
    sums,
    sums.map(() => 1),
    1e-5,
    'rows of attention',
  )
  t.true(
    texted.attention!.every((weight, i) => i % length <= Math.floor(i / length) % length || weight === 0),
    'no token sees a later one',
  )

  const image: TensorFunction = (inputs) => {
    const { embedding, hidden } = imageTower(inputs, config, inputs.pixel_values!)
    const first = tf.reshape(tf.slice(hidden, [0, 0, 0], [-1, 1, -1]), [batch, -1])
    return { embedding, whole: linear(norm(inputs, 'vision_model.post_layernorm', first), inputs['visual_projection.weight']!) }
  }
  const imaged = await eagerly(image, { pixel_values: [batch, 3, size, size] }, { pixel_values: gaussian(batch * 3 * size * size, 1) })
  close(t, imaged.embedding!, imaged.whole!, 1e-5, 'image')
})

test('keeping all patches, in any order, is keeping none back', async (t) => {
  const batch = 3
  const patches = patchCount(config)
  const pixel_values = gaussian(batch * 3 * size * size, 1)
  const shapes = { pixel_values: [batch, 3, size, size] }
  const { image_embeds: whole } = await eagerly(imageEmbeds, shapes, { pixel_values })
  const next = random(2)
  const keep = Int32Array.from(Array.from({ length: batch }, () => [...permutation(patches, next)]).flat())
  const { image_embeds: kept } = await eagerly(imageEmbeds, { ...shapes, keep: [batch, patches] }, { pixel_values, keep })
  close(t, kept!, whole!, 1e-5, 'embeddings')
})

test('a dropped patch has no say, a kept one has', async (t) => {
  const pixel_values = gaussian(3 * size * size, 1)
  const shapes = { pixel_values: [1, 3, size, size], keep: [1, 2] }
  const keep = Int32Array.of(0, 4) // of 3 × 3 patches of 4 × 4 pixels
  const embed = async (changed: number) => (await eagerly(imageEmbeds, shapes, { keep, pixel_values: pixel_values.with(changed, 5) })).image_embeds!
  const { image_embeds: base } = await eagerly(imageEmbeds, shapes, { keep, pixel_values })
  t.deepEqual(await embed(11), base!) // first row of pixels, last patch
  t.notDeepEqual(await embed(0), base!)
  t.notDeepEqual(await embed(size * size + 5 * size + 6), base!) // green, in the middle patch
})
