import test from 'ava'
import type { ClipConfig } from '../../models/config.ts'
import { createDualEncoder, dualEncoderParams } from '../../models/dual-encoder.ts'
import { inherit, sourceLayer } from '../../models/inherit.ts'
import { rms, selectLargest, slice } from '../../models/select.ts'
import { type Expected, throwsUserError } from '../user-error.ts'
import { tinyConfig, tinyModel } from './tiny.ts'

const source = tinyModel()

/** The tiny configuration with less of everything that may be less. */
const smaller: ClipConfig = {
  projection_dim: 4,
  vision_config: { ...tinyConfig.vision_config, hidden_size: 4, num_attention_heads: 1, intermediate_size: 10, num_hidden_layers: 1 },
  text_config: { ...tinyConfig.text_config, hidden_size: 8, num_attention_heads: 2, intermediate_size: 24, max_position_embeddings: 5 },
}

test('the same configuration inherits everything, bit for bit', (t) => {
  const { config, params } = inherit(source, tinyConfig)
  t.deepEqual(config, tinyConfig)
  t.deepEqual(Object.keys(params), Object.keys(dualEncoderParams(tinyConfig)))
  for (const [name, { shape, data }] of Object.entries(params)) {
    t.deepEqual(shape, source.params[name]!.shape, name)
    t.deepEqual(data, source.params[name]!.data, name)
    t.not(data, source.params[name]!.data, `${name}: a copy, or training would change the source`)
  }
})

test('a smaller model has the shapes of its configuration', (t) => {
  const { params } = inherit(source, smaller)
  const shapes = Object.fromEntries(Object.entries(params).map(([name, { shape }]) => [name, shape]))
  t.deepEqual(shapes, Object.fromEntries(Object.entries(dualEncoderParams(smaller)).map(([name, { shape }]) => [name, shape])))
})

/** A source in which it is plain what is large: everything 0 but what is named. */
function marked(large: Record<string, (at: number[]) => boolean>) {
  const model = createDualEncoder(tinyConfig, 1)
  for (const [name, { shape, data }] of Object.entries(model.params)) {
    for (let i = 0; i < data.length; i++) {
      const at = shape.map((dim, axis) => Math.floor(i / shape.slice(axis + 1).reduce((product, size) => product * size, 1)) % dim)
      // Every number tells where it stood.
      data[i] = at.reduce((sum, index, axis) => sum + (index + 1) * 1e-4 * 0.01 ** axis, 0) + (large[name]?.(at) ? 1 : 0)
    }
  }
  return model
}

test('a smaller model has the right slices', (t) => {
  const layer = 'vision_model.encoder.layers.0'
  const model = marked({
    // Residual channels 1, 2, 5 and 7 are written to; 1 and 5 by the embeddings, 2 and 7 by the layer that is kept.
    'vision_model.embeddings.class_embedding': ([channel]) => channel === 1,
    'vision_model.embeddings.position_embedding.weight': ([, channel]) => channel === 5,
    [`${layer}.self_attn.out_proj.weight`]: ([channel, mixed]) => channel === 2 && mixed! >= 4,
    [`${layer}.mlp.fc2.weight`]: ([channel, unit]) => channel === 7 && unit! >= 20,
    // A layer that is left out has no say.
    'vision_model.encoder.layers.1.mlp.fc2.weight': ([channel]) => channel === 0,
    // The second head's values are large.
    [`${layer}.self_attn.v_proj.weight`]: ([row]) => row! >= 4,
    [`${layer}.mlp.fc1.weight`]: ([unit]) => unit! >= 22,
    'visual_projection.weight': ([dim]) => dim === 0 || dim === 3,
    'text_projection.weight': ([dim]) => dim === 3 || dim === 4 || dim === 5,
  })
  const { params } = inherit(model, smaller)
  const channels = [1, 2, 5, 7]
  const head = [4, 5, 6, 7]
  const units = Array.from({ length: 10 }, (_, i) => 22 + i)
  const cut = (name: string, ...axes: (number[] | undefined)[]) => t.deepEqual(params[name], slice(model.params[name]!, axes), name)
  cut('vision_model.embeddings.class_embedding', channels)
  cut('vision_model.embeddings.patch_embedding.weight', channels)
  cut('vision_model.embeddings.position_embedding.weight', undefined, channels)
  for (const part of ['q_proj', 'k_proj', 'v_proj']) {
    cut(`${layer}.self_attn.${part}.weight`, head, channels)
    cut(`${layer}.self_attn.${part}.bias`, head)
  }
  cut(`${layer}.self_attn.out_proj.weight`, channels, head)
  cut(`${layer}.mlp.fc1.weight`, units, channels)
  cut(`${layer}.mlp.fc1.bias`, units)
  cut(`${layer}.mlp.fc2.weight`, channels, units)
  for (const part of ['self_attn.out_proj.bias', 'mlp.fc2.bias', 'layer_norm1.weight', 'layer_norm2.bias']) cut(`${layer}.${part}`, channels)
  cut('vision_model.post_layernorm.weight', channels)
  // Dimension 3 is large on both sides, 0, 4 and 5 on one: 1 and 2 are left out.
  cut('visual_projection.weight', [0, 3, 4, 5], channels)
  t.deepEqual(params['text_projection.weight']!.shape, [4, 8])
  t.deepEqual(params['text_model.embeddings.position_embedding.weight']!.shape, [5, 8])
  t.deepEqual(params.logit_scale, model.params.logit_scale)
})

test('layers: the first, the last, and evenly between', (t) => {
  const chosen = (layers: number, of: number) => Array.from({ length: layers }, (_, i) => sourceLayer(i, layers, of))
  t.deepEqual(chosen(6, 6), [0, 1, 2, 3, 4, 5])
  t.deepEqual(chosen(3, 6), [0, 3, 5])
  t.deepEqual(chosen(2, 4), [0, 3])
  t.deepEqual(chosen(1, 4), [0])
  t.deepEqual(chosen(4, 12), [0, 4, 7, 11])
})

test('the largest, in their order; the first of equal ones', (t) => {
  t.deepEqual(selectLargest([1, 5, 3, 5, 2], 3), [1, 2, 3])
  t.deepEqual(selectLargest([1, 1, 1], 2), [0, 1])
  t.deepEqual(selectLargest([2, 1], 2), [0, 1])
})

test('slices and their norms, worked out by hand', async (t) => {
  const matrix = { shape: [2, 3], data: Float32Array.of(3, 0, 1, 4, 0, 2) }
  const near = (got: number[], want: number[]) => got.forEach((value, i) => t.true(Math.abs(value - want[i]!) < 1e-9))
  near(rms(matrix, 0), [Math.sqrt(10 / 3), Math.sqrt(20 / 3)])
  near(rms(matrix, 1), [Math.sqrt(25 / 2), 0, Math.sqrt(5 / 2)])
  t.deepEqual(slice(matrix, [[1], [0, 2]]), { shape: [1, 2], data: Float32Array.of(4, 2) })
  t.deepEqual(slice(matrix, [undefined, [1]]), { shape: [2, 1], data: Float32Array.of(0, 0) })
})

const refused: Record<string, [(config: ClipConfig) => ClipConfig, Expected]> = {
  'another vocabulary': [
    (c) => ({ ...c, text_config: { ...c.text_config, vocab_size: 10 } }),
    { where: /--inherit/, expected: /the source's vocabulary, 11/, got: '10' },
  ],
  'another image size': [
    (c) => ({ ...c, vision_config: { ...c.vision_config, image_size: 16 } }),
    { expected: /the source's image size, 12/, got: '16' },
  ],
  'another patch size': [
    (c) => ({ ...c, vision_config: { ...c.vision_config, patch_size: 3 } }),
    { expected: /the source's patch size, 4/, got: '3' },
  ],
  'more layers': [
    (c) => ({ ...c, text_config: { ...c.text_config, num_hidden_layers: 2 } }),
    { expected: /at most the source's text layers, 1/, got: '2' },
  ],
  'more channels': [
    (c) => ({ ...c, vision_config: { ...c.vision_config, hidden_size: 16, num_attention_heads: 4 } }),
    { expected: /at most the source's image width, 8/, got: '16' },
  ],
  'a wider joint space': [(c) => ({ ...c, projection_dim: 7 }), { expected: /at most the source's joint dimension, 6/, got: '7' }],
  'a longer context': [(c) => ({ ...c, text_config: { ...c.text_config, max_position_embeddings: 8 } }), { expected: /context length, 7/, got: '8' }],
  'a wider MLP': [(c) => ({ ...c, text_config: { ...c.text_config, intermediate_size: 30 } }), { expected: /text MLP width, 24/, got: '30' }],
  'heads of another width': [
    (c) => ({ ...c, vision_config: { ...c.vision_config, hidden_size: 6, num_attention_heads: 2 } }),
    { expected: /the source's channels per image head, 4/, got: '3' },
  ],
}
for (const [title, [change, expected]] of Object.entries(refused)) {
  test(`refuses ${title}`, async (t) => {
    await throwsUserError(t, () => inherit(source, change(tinyConfig)), expected)
  })
}
