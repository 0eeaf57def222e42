import { linear } from '../engine/fused.ts'
import { tf } from '../engine/tf.ts'
import type { Tensors } from '../engine/trace/trace.ts'
import { type ClipConfig, hiddenUnits, valueChannels } from './config.ts'

/** A place in a residual block where channels can be taken away: what one linear map gives and another takes, with nothing before the other but x·f(x). */
export interface Gate {
  /** The linear map whose outputs are the gate's channels: fc1, or v_proj. */
  before: string
  /** The linear map whose inputs they are: fc2, or out_proj. */
  after: string
  /** Heads, whose channels do not mix; 1 in an MLP. */
  groups: number
  /** Of all groups together. */
  channels: number // C
}

export function allGates(config: ClipConfig): Gate[] {
  return [...gatesOf('image', config), ...gatesOf('text', config)]
}

/** The gates of a tower, layer by layer: the values of its attention, then the hidden units of its MLP before their activation. */
export function gatesOf(tower: 'image' | 'text', { vision_config, text_config }: ClipConfig): Gate[] {
  const [prefix, config] = tower === 'image' ? (['vision_model', vision_config] as const) : (['text_model', text_config] as const)
  return Array.from({ length: config.num_hidden_layers }, (_, i): Gate[] => {
    const layer = `${prefix}.encoder.layers.${i}`
    const [attention, mlp] = [`${layer}.self_attn`, `${layer}.mlp`]
    return [
      { before: `${attention}.v_proj`, after: `${attention}.out_proj`, groups: config.num_attention_heads, channels: valueChannels(config, i) },
      { before: `${mlp}.fc1`, after: `${mlp}.fc2`, groups: 1, channels: hiddenUnits(config, i) },
    ]
  }).flat()
}

/**
 * What passes each gate, averaged over tokens: W·x̄ + b of the linear map before it, where x̄ is the mean of its inputs (a linear map of a mean is the
 * mean of the linear map). The pooled token stands for all in the last layer's MLP, which computes no other.
 * @param means of a tower's activations [B, 2·layers·D]
 * @returns [B, ΣC], gates in the order of gatesOf
 */
export function gateFeatures(params: Tensors, gates: readonly Gate[], means: tf.Tensor): tf.Tensor {
  const [batch, columns] = means.shape as [number, number]
  const width = columns / gates.length // D
  const features = gates.map(({ before }, i) =>
    tf.add(linear(tf.slice(means, [0, i * width], [batch, width]), params[`${before}.weight`]!), params[`${before}.bias`]!),
  )
  return tf.concat(features, 1)
}
