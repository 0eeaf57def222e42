import { linear } from '../engine/fused.ts'
import type { ParamSpecs } from '../engine/params.ts'
import { tf } from '../engine/tf.ts'
import type { Tensors } from '../engine/trace/trace.ts'
import type { ClipConfig } from './config.ts'
import { type Activations, encoder, encoderParams, norm, normParams } from './layers.ts'

const tower = 'text_model'

/**
 * CLIP's causal text transformer, pooled at the last attended token (the EOS, or the last token of a truncated text).
 * ids [B, T] int32 right-padded, attended [B, T] 1 for tokens and 0 for padding → text embedding before normalisation [B, E],
 * and activations: the last layer's over all T tokens, padding included; means without padding.
 */
export function textTower(params: Tensors, config: ClipConfig, ids: tf.Tensor, attended: tf.Tensor): Activations & { embedding: tf.Tensor } {
  const { hidden_size: width } = config.text_config
  const [batch, length] = ids.shape as [number, number]
  // Positions and mask derive from the input, so that an exported graph takes any length.
  const isToken = tf.cast(attended, 'float32') // [B, T]
  const ones = tf.cast(tf.greaterEqual(tf.slice(isToken, [0, 0], [1, length]), 0), 'float32') // [1, T]
  const positions = tf.cumsum(ones, 1, true) // [1, T] = 0, 1, 2 …
  const future = tf.greater(tf.expandDims(positions, 1), tf.expandDims(positions, 2)) // [1, T, T]: key after query
  const mask = tf.mul(tf.cast(future, 'float32'), -1e9)
  const tokens = tf.gather(params[`${tower}.embeddings.token_embedding.weight`]!, ids) // [B, T, D]
  const places = tf.gather(params[`${tower}.embeddings.position_embedding.weight`]!, tf.cast(positions, 'int32')) // [1, T, D]
  // A causal tower's last token never sees the padding, so padding needs no mask of its own.
  const last = tf.sub(tf.sum(isToken, 1, true), 1) // [B, 1]
  const picked = tf.expandDims(tf.cast(tf.equal(positions, last), 'float32'), 1) // [B, 1, T], one 1 a row
  const pick = (rows: tf.Tensor) => tf.matMul(picked, rows)
  const shares = tf.div(isToken, tf.add(last, 1)) // [B, T], rows sum to 1
  const average = (rows: tf.Tensor) => tf.reshape(tf.matMul(tf.expandDims(shares, 1), rows), [batch, width])
  const { pooled, ...inner } = encoder(params, tower, config.text_config, tf.add(tokens, places), { pick, average, mask })
  const embedding = linear(norm(params, `${tower}.final_layer_norm`, tf.reshape(pooled, [batch, width])), params['text_projection.weight']!)
  return { embedding, ...inner }
}

export function textParams(config: ClipConfig): ParamSpecs {
  const { hidden_size: width, vocab_size: vocabulary, max_position_embeddings: context } = config.text_config
  return {
    [`${tower}.embeddings.token_embedding.weight`]: { shape: [vocabulary, width], init: { normal: 0.02 } },
    [`${tower}.embeddings.position_embedding.weight`]: { shape: [context, width], init: { normal: 0.01 } },
    ...encoderParams(tower, config.text_config),
    ...normParams(`${tower}.final_layer_norm`, width),
    'text_projection.weight': { shape: [config.projection_dim, width], init: { normal: width ** -0.5 } },
  }
}
