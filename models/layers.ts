import { layerNorm, linear, quickGelu } from '../engine/fused.ts'
import { tf } from '../engine/tf.ts'
import type { Tensors } from '../engine/trace/trace.ts'
import type { TowerConfig } from './config.ts'
import type { ParamSpecs } from '../engine/params.ts'

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

/** Pre-norm transformer encoder. x [B, T, D], mask [1, 1, T, T] added to the attention scores → [B, T, D] */
export function encoder(params: Tensors, prefix: string, config: TowerConfig, x: tf.Tensor, mask?: tf.Tensor): tf.Tensor {
  for (let i = 0; i < config.num_hidden_layers; i++) {
    const layer = `${prefix}.encoder.layers.${i}`
    x = tf.add(x, attention(params, `${layer}.self_attn`, config.num_attention_heads, norm(params, `${layer}.layer_norm1`, x), mask))
    const hidden = quickGelu(dense(params, `${layer}.mlp.fc1`, norm(params, `${layer}.layer_norm2`, x))) // [B, T, 4D]
    x = tf.add(x, dense(params, `${layer}.mlp.fc2`, hidden))
  }
  return x
}

/** Multi-head self-attention, softmax(q·kᵀ/√d + mask)·v. x [B, T, D] → [B, T, D] */
function attention(params: Tensors, name: string, heads: number, x: tf.Tensor, mask?: tf.Tensor): tf.Tensor {
  const [batch, tokens, width] = x.shape as [number, number, number]
  const split = (part: string) => tf.transpose(tf.reshape(dense(params, `${name}.${part}`, x), [batch, tokens, heads, width / heads]), [0, 2, 1, 3])
  const query = tf.mul(split('q_proj'), Math.sqrt(heads / width)) // [B, H, T, d]
  const scores = tf.matMul(query, split('k_proj'), false, true) // [B, H, T, T]
  const weights = tf.softmax(mask ? tf.add(scores, mask) : scores)
  const mixed = tf.transpose(tf.matMul(weights, split('v_proj')), [0, 2, 1, 3]) // [B, T, H, d]
  return dense(params, `${name}.out_proj`, tf.reshape(mixed, [batch, tokens, width]))
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
