import type { Params } from '../engine/params.ts'
import type { ClipConfig, TowerConfig } from './config.ts'
import { type DualEncoder, dualEncoderParams } from './dual-encoder.ts'
import { requireInheritable } from './inheritable.ts'
import { rms, type Selection, selectLargest, slice } from './select.ts'

/**
 * Cuts a smaller model's weights out of a larger one's (manual inheritance: TinyCLIP, arXiv 2309.12314, §3.2). What is kept, always in its
 * old order, as norms of the source's weights say:
 *
 *     layer i of l      ← layer round(i·(L−1)/(l−1)) of L: the first, the last and evenly between (l = 1: the first)
 *     residual channel  Σ over what writes to it (embeddings, and out_proj and fc2 of the layers kept) of RMS of its slice; one choice a tower
 *     head              |W_v|·|W_o| of its rows and columns; per layer
 *     hidden unit       |fc1 row|·|fc2 column|; per layer
 *     joint dimension   |visual_projection row|·|text_projection row|; one choice for both towers
 *     position          texts: the first ones; images: all
 *
 * RMS, so that a table of thousands of rows weighs as much as a matrix. Nothing is rescaled. The same configuration gives the same weights.
 * @throws UserError for what cannot be cut: another vocabulary, patch or image size or head width, and anything larger than the source has
 */
export function inherit(source: DualEncoder, config: ClipConfig): DualEncoder {
  requireInheritable(source.config, config)
  const params: Params = {}
  const copy = (name: string, from: string, axes: (Selection | undefined)[]) => {
    params[name] = slice(source.params[from]!, axes)
  }
  const joint = jointDimensions(source, config.projection_dim)
  for (const tower of [vision, text]) inheritTower(source, config, tower, joint, copy)
  copy('logit_scale', 'logit_scale', [])
  return { config, params: Object.fromEntries(Object.keys(dualEncoderParams(config)).map((name) => [name, params[name]!])) }
}

type Copy = (name: string, from: string, axes: (Selection | undefined)[]) => void

interface Tower {
  prefix: string
  projection: string
  config(config: ClipConfig): TowerConfig
  /** Parameters outside of layers: which axis is the residual channel, and whether they write to it. */
  channels: Record<string, { axis: number; writes: boolean }>
}

const norms = (name: string) => ({ [`${name}.weight`]: { axis: 0, writes: false }, [`${name}.bias`]: { axis: 0, writes: false } })

const vision: Tower = {
  prefix: 'vision_model',
  projection: 'visual_projection.weight',
  config: (config) => config.vision_config,
  channels: {
    'embeddings.class_embedding': { axis: 0, writes: true },
    'embeddings.patch_embedding.weight': { axis: 0, writes: true },
    'embeddings.position_embedding.weight': { axis: 1, writes: true },
    ...norms('pre_layrnorm'),
    ...norms('post_layernorm'),
  },
}

const text: Tower = {
  prefix: 'text_model',
  projection: 'text_projection.weight',
  config: (config) => config.text_config,
  channels: {
    'embeddings.token_embedding.weight': { axis: 1, writes: true },
    'embeddings.position_embedding.weight': { axis: 1, writes: true },
    ...norms('final_layer_norm'),
  },
}

function inheritTower(source: DualEncoder, config: ClipConfig, tower: Tower, joint: Selection, copy: Copy): void {
  const [from, to] = [tower.config(source.config), tower.config(config)]
  const layers = Array.from({ length: to.num_hidden_layers }, (_, i) => sourceLayer(i, to.num_hidden_layers, from.num_hidden_layers))
  const channels = residualChannels(source.params, tower, layers, from.hidden_size, to.hidden_size)
  for (const [name, { axis }] of Object.entries(tower.channels)) {
    const first = name === 'embeddings.position_embedding.weight' ? positions(tower, source.config, config) : undefined
    copy(`${tower.prefix}.${name}`, `${tower.prefix}.${name}`, axis === 0 ? [channels] : [first, channels])
  }
  copy(tower.projection, tower.projection, [joint, channels])
  layers.forEach((old, i) => {
    const [name, at] = [`${tower.prefix}.encoder.layers.${i}`, `${tower.prefix}.encoder.layers.${old}`]
    const mixed = headChannels(source.params, at, from, to)
    const hidden = hiddenUnits(source.params, at, to.intermediate_size)
    for (const part of ['q_proj', 'k_proj', 'v_proj']) {
      copy(`${name}.self_attn.${part}.weight`, `${at}.self_attn.${part}.weight`, [mixed, channels])
      copy(`${name}.self_attn.${part}.bias`, `${at}.self_attn.${part}.bias`, [mixed])
    }
    copy(`${name}.self_attn.out_proj.weight`, `${at}.self_attn.out_proj.weight`, [channels, mixed])
    copy(`${name}.mlp.fc1.weight`, `${at}.mlp.fc1.weight`, [hidden, channels])
    copy(`${name}.mlp.fc1.bias`, `${at}.mlp.fc1.bias`, [hidden])
    copy(`${name}.mlp.fc2.weight`, `${at}.mlp.fc2.weight`, [channels, hidden])
    const along = ['self_attn.out_proj.bias', 'mlp.fc2.bias', 'layer_norm1.weight', 'layer_norm1.bias', 'layer_norm2.weight', 'layer_norm2.bias']
    for (const part of along) copy(`${name}.${part}`, `${at}.${part}`, [channels])
  })
}

/** round(i·(L−1)/(l−1)) */
export function sourceLayer(i: number, layers: number, of: number): number {
  return layers === 1 ? 0 : Math.round((i * (of - 1)) / (layers - 1))
}

function residualChannels(params: Params, { prefix, channels }: Tower, layers: number[], width: number, keep: number): Selection {
  const embeddings = Object.entries(channels).filter(([, { writes }]) => writes)
  const writers = [
    ...embeddings.map(([name, { axis }]) => rms(params[`${prefix}.${name}`]!, axis)),
    ...layers.flatMap((i) => ['self_attn.out_proj', 'mlp.fc2'].map((part) => rms(params[`${prefix}.encoder.layers.${i}.${part}.weight`]!, 0))),
  ]
  const score = Array.from({ length: width }, (_, channel) => writers.reduce((sum, writer) => sum + writer[channel]!, 0))
  return selectLargest(score, keep)
}

/** The rows of q, k and v, and columns of out_proj, of the heads kept. */
function headChannels(params: Params, layer: string, from: TowerConfig, to: TowerConfig): Selection {
  const size = from.hidden_size / from.num_attention_heads
  const [value, output] = [rms(params[`${layer}.self_attn.v_proj.weight`]!, 0), rms(params[`${layer}.self_attn.out_proj.weight`]!, 1)]
  const norm = (slices: number[], head: number) => Math.hypot(...slices.slice(head * size, (head + 1) * size))
  const score = Array.from({ length: from.num_attention_heads }, (_, head) => norm(value, head) * norm(output, head))
  const heads = selectLargest(score, to.num_attention_heads)
  return heads.flatMap((head) => Array.from({ length: size }, (_, i) => head * size + i))
}

function hiddenUnits(params: Params, layer: string, keep: number): Selection {
  const [into, out] = [rms(params[`${layer}.mlp.fc1.weight`]!, 0), rms(params[`${layer}.mlp.fc2.weight`]!, 1)]
  return selectLargest(
    into.map((norm, i) => norm * out[i]!),
    keep,
  )
}

function jointDimensions({ params }: DualEncoder, keep: number): Selection {
  const [image, words] = [rms(params[vision.projection]!, 0), rms(params[text.projection]!, 0)]
  return selectLargest(
    image.map((norm, i) => norm * words[i]!),
    keep,
  )
}

function positions(tower: Tower, from: ClipConfig, to: ClipConfig): Selection | undefined {
  if (tower === vision || to.text_config.max_position_embeddings === from.text_config.max_position_embeddings) return undefined
  return Array.from({ length: to.text_config.max_position_embeddings }, (_, i) => i)
}
