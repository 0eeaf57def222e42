import { layerNorm, linear, quickGelu } from '../engine/fused.ts'
import type { ParamSpecs } from '../engine/params.ts'
import { tf } from '../engine/tf.ts'
import type { Tensors } from '../engine/trace/trace.ts'
import type { TowerConfig } from './config.ts'

/** Applies the Linear stored under `name`. [..., in] → [..., out] */
export function dense(params: Tensors, name: string, x: tf.Tensor): tf.Tensor {
  return linear(x, params[`${name}.weight`]!, params[`${name}.bias`])
}

export function norm(params: Tensors, name: string, x: tf.Tensor): tf.Tensor {
  return layerNorm(x, params[`${name}.weight`]!, params[`${name}.bias`]!)
}

/** L2-normalises the last axis. [B, E] → [B, E] */
export function normalize(x: tf.Tensor): tf.Tensor {
  return tf.div(x, tf.sqrt(tf.add(tf.sum(tf.square(x), -1, true), 1e-12)))
}

/** What a tower's last layer computes on the way to its embedding. */
export interface Activations {
  /** Its output, before the final norm. [B, T, D] */
  hidden: tf.Tensor
  /** Its self-attention: rows are queries and sum to 1. [B, H, T, T] */
  attention: tf.Tensor
}

/** Takes every row's pooled token out of [B, T, …] → [B, 1, …]. */
export type Pick = (tokens: tf.Tensor) => tf.Tensor

/**
 * Pre-norm transformer encoder. x [B, T, D], mask [1, T, T] added to the attention scores → pooled [B, 1, D] and the last layer's activations.
 * The embedding needs one token of the last layer, to which all are keys and values: `pooled` computes only that one, which
 * saves most of a layer. The whole last layer is for those who look inside; from the graph of a step that does not, it is pruned.
 */
export function encoder(
  params: Tensors,
  prefix: string,
  config: TowerConfig,
  x: tf.Tensor,
  pick: Pick,
  mask?: tf.Tensor,
): Activations & { pooled: tf.Tensor } {
  const last = config.num_hidden_layers - 1
  const layer = (i: number, reduce: Pick) => encoderLayer(params, `${prefix}.encoder.layers.${i}`, config.num_attention_heads, x, reduce, mask)
  for (let i = 0; i < last; i++) x = layer(i, all).hidden
  return { pooled: layer(last, pick).hidden, ...layer(last, all) }
}

const all: Pick = (tokens) => tokens

/** x [B, T, D] → hidden [B, Q, D], attention [B, H, Q, T], for the Q tokens that `pick` leaves over. */
function encoderLayer(params: Tensors, name: string, heads: number, x: tf.Tensor, pick: Pick, mask?: tf.Tensor): Activations {
  const tokens = norm(params, `${name}.layer_norm1`, x)
  const { output, weights } = attention(params, `${name}.self_attn`, heads, pick(tokens), tokens, mask && pick(mask))
  const attended = tf.add(pick(x), output)
  const inner = quickGelu(dense(params, `${name}.mlp.fc1`, norm(params, `${name}.layer_norm2`, attended))) // [B, Q, 4D]
  return { hidden: tf.add(attended, dense(params, `${name}.mlp.fc2`, inner)), attention: weights }
}

/** Multi-head attention, softmax(q·kᵀ/√d + mask)·v. asking [B, Q, D], tokens [B, T, D], mask [1 or B, Q, T] → output [B, Q, D], weights [B, H, Q, T] */
function attention(
  params: Tensors,
  name: string,
  heads: number,
  asking: tf.Tensor,
  tokens: tf.Tensor,
  mask?: tf.Tensor,
): { output: tf.Tensor; weights: tf.Tensor } {
  const [batch, queries, width] = asking.shape as [number, number, number]
  const split = (part: string, x: tf.Tensor) =>
    tf.transpose(tf.reshape(dense(params, `${name}.${part}`, x), [batch, x.shape[1]!, heads, width / heads]), [0, 2, 1, 3])
  const query = tf.mul(split('q_proj', asking), Math.sqrt(heads / width)) // [B, H, Q, d]
  const scores = tf.matMul(query, split('k_proj', tokens), false, true) // [B, H, Q, T]
  const weights = tf.softmax(mask ? tf.add(scores, tf.expandDims(mask, 1)) : scores)
  const mixed = tf.transpose(tf.matMul(weights, split('v_proj', tokens)), [0, 2, 1, 3]) // [B, Q, H, d]
  return { output: dense(params, `${name}.out_proj`, tf.reshape(mixed, [batch, queries, width])), weights }
}

/** Parameters of `encoder`, initialised as CLIP does (residual branches shrink with depth). */
export function encoderParams(prefix: string, { hidden_size: width, intermediate_size: hidden, num_hidden_layers: layers }: TowerConfig): ParamSpecs {
  const specs: ParamSpecs = {}
  const into = width ** -0.5
  const residual = into * (2 * layers) ** -0.5
  for (let i = 0; i < layers; i++) {
    const layer = `${prefix}.encoder.layers.${i}`
    for (const part of ['q_proj', 'k_proj', 'v_proj']) Object.assign(specs, linearParams(`${layer}.self_attn.${part}`, width, width, into))
    Object.assign(specs, linearParams(`${layer}.self_attn.out_proj`, width, width, residual))
    Object.assign(specs, normParams(`${layer}.layer_norm1`, width), normParams(`${layer}.layer_norm2`, width))
    Object.assign(specs, linearParams(`${layer}.mlp.fc1`, hidden, width, (2 * width) ** -0.5))
    Object.assign(specs, linearParams(`${layer}.mlp.fc2`, width, hidden, residual))
  }
  return specs
}

export function linearParams(name: string, out: number, into: number, std: number): ParamSpecs {
  return { [`${name}.weight`]: { shape: [out, into], init: { normal: std } }, [`${name}.bias`]: { shape: [out], init: { constant: 0 } } }
}

export function normParams(name: string, width: number): ParamSpecs {
  return { [`${name}.weight`]: { shape: [width], init: { constant: 1 } }, [`${name}.bias`]: { shape: [width], init: { constant: 0 } } }
}
