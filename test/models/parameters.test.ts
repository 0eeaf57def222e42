import test from 'ava'
import { tf } from '../../engine/tf.ts'
import { preset, presetNames } from '../../models/config.ts'
import { createDualEncoder, dualEncoderParams, logitScale, towerCounts } from '../../models/dual-encoder.ts'
import { tinyConfig } from './tiny.ts'

/** The state dict of Hugging Face's CLIPModel, written down from its own listing. */
function huggingFaceShapes({ projection_dim: E, text_config: text, vision_config: vision }: typeof tinyConfig): Record<string, number[]> {
  const shapes: Record<string, number[]> = { logit_scale: [] }
  const linear = (name: string, out: number, into: number) => Object.assign(shapes, { [`${name}.weight`]: [out, into], [`${name}.bias`]: [out] })
  const norm = (name: string, width: number) => Object.assign(shapes, { [`${name}.weight`]: [width], [`${name}.bias`]: [width] })
  for (const [tower, { hidden_size: D, intermediate_size: H, num_hidden_layers: layers }] of [
    ['text_model', text],
    ['vision_model', vision],
  ] as const) {
    for (let i = 0; i < layers; i++) {
      const layer = `${tower}.encoder.layers.${i}`
      for (const part of ['k', 'v', 'q', 'out']) linear(`${layer}.self_attn.${part}_proj`, D, D)
      norm(`${layer}.layer_norm1`, D)
      linear(`${layer}.mlp.fc1`, H, D)
      linear(`${layer}.mlp.fc2`, D, H)
      norm(`${layer}.layer_norm2`, D)
    }
  }
  shapes['text_model.embeddings.token_embedding.weight'] = [text.vocab_size, text.hidden_size]
  shapes['text_model.embeddings.position_embedding.weight'] = [text.max_position_embeddings, text.hidden_size]
  norm('text_model.final_layer_norm', text.hidden_size)
  const { hidden_size: width, patch_size: patch, image_size: size } = vision
  shapes['vision_model.embeddings.class_embedding'] = [width]
  shapes['vision_model.embeddings.patch_embedding.weight'] = [width, 3, patch, patch] // a convolution without bias
  shapes['vision_model.embeddings.position_embedding.weight'] = [(size / patch) ** 2 + 1, width]
  norm('vision_model.pre_layrnorm', width) // sic
  norm('vision_model.post_layernorm', width)
  shapes['visual_projection.weight'] = [E, width]
  shapes['text_projection.weight'] = [E, text.hidden_size]
  return shapes
}

test('parameters have the names and shapes of CLIPModel in transformers', (t) => {
  for (const config of [tinyConfig, ...presetNames.map((name) => preset(name, { vocabSize: 300 }))]) {
    const ours = Object.fromEntries(Object.entries(dualEncoderParams(config)).map(([name, { shape }]) => [name, shape]))
    t.deepEqual(sorted(ours), sorted(huggingFaceShapes(config)))
  }
})

// Of transformers' CLIPModel with the same configuration, vocabulary 8,000 and joint dimension 256.
const counts = {
  tiny: { image: 661_120, text: 1_457_664 },
  small: { image: 2_768_640, text: 3_371_136 },
  base: { image: 4_871_168, text: 5_281_280 },
}
for (const name of presetNames) {
  test(`${name}: parameters of each tower`, (t) => {
    t.deepEqual(towerCounts(preset(name, { vocabSize: 8000 })), counts[name])
  })
}

test('parameters are drawn from the seed, each tensor by itself', (t) => {
  const { params } = createDualEncoder(tinyConfig, 1)
  const deeper = { ...tinyConfig, text_config: { ...tinyConfig.text_config, num_hidden_layers: 3 } }
  for (const [name, { data }] of Object.entries(createDualEncoder({ ...deeper }, 1).params)) {
    const same = params[name]
    // Residual projections shrink with depth; everything else stays when a layer is added.
    if (same && !/^text_model.*(out_proj|fc2)/.test(name)) t.deepEqual(same.data, data, name)
  }
  t.notDeepEqual(createDualEncoder(tinyConfig, 2).params['text_projection.weight'], params['text_projection.weight'])
  t.deepEqual(createDualEncoder(tinyConfig, 1).params, params)
  t.is(params.logit_scale!.data[0], Math.fround(Math.log(1 / 0.07)))
})

test('initial weights have the spread they ask for, biases are 0 and norms 1', (t) => {
  const config = preset('tiny', { vocabSize: 300 })
  const { params } = createDualEncoder(config, 3)
  for (const [name, { init }] of Object.entries(dualEncoderParams(config))) {
    const { data } = params[name]!
    if ('constant' in init)
      t.true(
        data.every((value) => value === Math.fround(init.constant)),
        name,
      )
    else {
      const spread = Math.sqrt(data.reduce((sum, value) => sum + value * value, 0) / data.length)
      t.true(Math.abs(spread / init.normal - 1) < 4 / Math.sqrt(data.length), `${name}: ${spread}, asked for ${init.normal}`)
    }
  }
})

test('the logit scale is clamped to [1, 100]', async (t) => {
  await tf.setBackend('cpu')
  const scale = (value: number) => tf.tidy(() => logitScale({ logit_scale: tf.scalar(value) }).dataSync()[0]!)
  t.is(scale(-3), 1)
  t.true(Math.abs(scale(99) - 100) < 1e-4)
  t.true(Math.abs(scale(Math.log(1 / 0.07)) - 1 / 0.07) < 1e-5)
})

function sorted(shapes: Record<string, number[]>): [string, number[]][] {
  return Object.entries(shapes).sort(([a], [b]) => (a < b ? -1 : 1))
}
