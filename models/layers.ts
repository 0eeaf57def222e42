import { layerNorm, linear, quickGelu } from '../engine/fused.ts'
import type { ParamSpecs } from '../engine/params.ts'
import { tf } from '../engine/tf.ts'
import type { Tensors } from '../engine/trace/trace.ts'
import { hiddenUnits, type TowerConfig, valueChannels } from './config.ts'

/** Applies the Linear stored under `name`. [..., in] → [..., out] */
function dense(params: Tensors, name: string, x: tf.Tensor): tf.Tensor {
  return linear(x, params[`${name}.weight`]!, params[`${name}.bias`])
}

export function norm(params: Tensors, name: string, x: tf.Tensor): tf.Tensor {
  return layerNorm(x, params[`${name}.weight`]!, params[`${name}.bias`]!)
}

/** L2-normalises the last axis. [B, E] → [B, E] */
export function normalize(x: tf.Tensor): tf.Tensor {
  return tf.div(x, tf.sqrt(tf.add(tf.sum(tf.square(x), -1, true), 1e-12)))
}

/** What a tower computes on the way to its embedding. */
export interface Activations {
  /** The last layer's output, before the final norm. [B, T, D] */
  hidden: tf.Tensor
  /** The last layer's self-attention: rows are queries and sum to 1. [B, H, T, T] */
  attention: tf.Tensor
  /** Means over tokens of what enters every layer's value projection and MLP, in this order, after the norms (see gateFeatures). [B, 2·layers·D] */
  means: tf.Tensor
}

/** What an encoder has to know of a tower's tokens. */
export interface Tokens {
  /** Takes every row's pooled token out of [B, T, …] → [B, 1, …]. */
  pick(tokens: tf.Tensor): tf.Tensor
  /** Mean over the tokens that count. [B, T, D] → [B, D] */
  average(tokens: tf.Tensor): tf.Tensor
  /** Added to the attention scores. [1, T, T] */
  mask?: tf.Tensor
}

/**
 * Pre-norm transformer encoder. x [B, T, D] → pooled [B, 1, D] and activations. The embedding needs one token of the last layer, to which
 * all are keys and values: `pooled` computes only that one, which saves most of a layer. What is only there for those who look
 * inside, such as the whole last layer, is pruned from the graph of a step that does not.
 */
export function encoder(params: Tensors, prefix: string, config: TowerConfig, x: tf.Tensor, tokens: Tokens): Activations & { pooled: tf.Tensor } {
  const last = config.num_hidden_layers - 1
  const means: tf.Tensor[] = []
  const layer = (i: number, chosen: Tokens) => encoderLayer(params, `${prefix}.encoder.layers.${i}`, config.num_attention_heads, x, chosen)
  for (let i = 0; i < last; i++) {
    const output = layer(i, { ...tokens, pick: all })
    x = output.hidden
    means.push(output.means)
  }
  const pooled = layer(last, tokens)
  const { hidden, attention } = layer(last, { ...tokens, pick: all })
  return { pooled: pooled.hidden, hidden, attention, means: tf.concat([...means, pooled.means], 1) }
}

const all: Tokens['pick'] = (tokens) => tokens

/** x [B, T, D] → hidden [B, Q, D], attention [B, H, Q, T], for the Q tokens that `pick` leaves over, and means [B, 2D]. */
function encoderLayer(params: Tensors, name: string, heads: number, x: tf.Tensor, { pick, average, mask }: Tokens): Activations {
  const tokens = norm(params, `${name}.layer_norm1`, x)
  const { output, weights } = attention(params, `${name}.self_attn`, heads, pick(tokens), tokens, mask && pick(mask))
  const attended = tf.add(pick(x), output)
  const normed = norm(params, `${name}.layer_norm2`, attended) // [B, Q, D]
  const inner = quickGelu(dense(params, `${name}.mlp.fc1`, normed)) // [B, Q, 4D]
  const hidden = tf.add(attended, dense(params, `${name}.mlp.fc2`, inner))
  const one = pick !== all
  const means = tf.concat([average(tokens), one ? tf.reshape(normed, [x.shape[0]!, x.shape[2]!]) : average(normed)], 1)
  return { hidden, attention: weights, means }
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
  const split = (part: string, x: tf.Tensor) => {
    const channels = params[`${name}.${part}.weight`]!.shape[0]! // of all heads; values can have fewer than queries and keys
    return tf.transpose(tf.reshape(dense(params, `${name}.${part}`, x), [batch, x.shape[1]!, heads, channels / heads]), [0, 2, 1, 3])
  }
  const query = tf.mul(split('q_proj', asking), Math.sqrt(heads / width)) // [B, H, Q, d]
  const scores = tf.matMul(query, split('k_proj', tokens), false, true) // [B, H, Q, T]
  const weights = tf.softmax(mask ? tf.add(scores, tf.expandDims(mask, 1)) : scores)
  const values = split('v_proj', tokens) // [B, H, T, v]
  const mixed = tf.transpose(tf.matMul(weights, values), [0, 2, 1, 3]) // [B, Q, H, v]
  return { output: dense(params, `${name}.out_proj`, tf.reshape(mixed, [batch, queries, heads * values.shape[3]!])), weights }
}

/** Parameters of `encoder`, initialised as CLIP does (residual branches shrink with depth). */
export function encoderParams(prefix: string, config: TowerConfig): ParamSpecs {
  const { hidden_size: width, num_hidden_layers: layers } = config
  const specs: ParamSpecs = {}
  const into = width ** -0.5
  const residual = into * (2 * layers) ** -0.5
  for (let i = 0; i < layers; i++) {
    const layer = `${prefix}.encoder.layers.${i}`
    const [hidden, values] = [hiddenUnits(config, i), valueChannels(config, i)]
    for (const part of ['q_proj', 'k_proj']) Object.assign(specs, linearParams(`${layer}.self_attn.${part}`, width, width, into))
    Object.assign(specs, linearParams(`${layer}.self_attn.v_proj`, values, width, into))
    Object.assign(specs, linearParams(`${layer}.self_attn.out_proj`, width, values, residual))
    Object.assign(specs, normParams(`${layer}.layer_norm1`, width), normParams(`${layer}.layer_norm2`, width))
    Object.assign(specs, linearParams(`${layer}.mlp.fc1`, hidden, width, (2 * width) ** -0.5))
    Object.assign(specs, linearParams(`${layer}.mlp.fc2`, width, hidden, residual))
  }
  return specs
}

function linearParams(name: string, out: number, into: number, std: number): ParamSpecs {
  return { [`${name}.weight`]: { shape: [out, into], init: { normal: std } }, [`${name}.bias`]: { shape: [out], init: { constant: 0 } } }
}

export function normParams(name: string, width: number): ParamSpecs {
  return { [`${name}.weight`]: { shape: [width], init: { constant: 1 } }, [`${name}.bias`]: { shape: [width], init: { constant: 0 } } }
}
