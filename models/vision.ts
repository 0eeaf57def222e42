import { linear } from '../engine/fused.ts'
import type { ParamSpecs } from '../engine/params.ts'
import { tf } from '../engine/tf.ts'
import type { Tensors } from '../engine/trace/trace.ts'
import type { ClipConfig } from './config.ts'
import { type Activations, encoder, encoderParams, norm, normParams } from './layers.ts'

const tower = 'vision_model'

/** Patches along one side times itself. */
export function patchCount({ vision_config: { image_size, patch_size } }: ClipConfig): number {
  return (image_size / patch_size) ** 2
}

/**
 * CLIP's ViT. pixels [B, 3, S, S] → image embedding before normalisation [B, E], and activations over the class token and all K patches.
 * @param keep patch indices [B, K] int32: only these patches enter (MAE-style masking); default all N
 */
export function imageTower(params: Tensors, config: ClipConfig, pixels: tf.Tensor, keep?: tf.Tensor): Activations & { embedding: tf.Tensor } {
  const { hidden_size: width, image_size: size, patch_size: patch } = config.vision_config
  const batch = pixels.shape[0]!
  const grid = size / patch
  const total = grid * grid // N
  // Patchify without Conv: older runtimes then accept int8 weights everywhere.
  const blocks = tf.transpose(tf.reshape(pixels, [batch, 3, grid, patch, grid, patch]), [0, 2, 4, 1, 3, 5])
  let patches: tf.Tensor = tf.reshape(blocks, [batch, total, 3 * patch * patch]) // [B, N, 3pp]
  const table = params[`${tower}.embeddings.position_embedding.weight`]! // [N+1, D]
  let positions: tf.Tensor = tf.slice(table, [1, 0], [total, width]) // [N, D]
  if (keep) {
    const count = keep.shape[1]!
    const offsets = tf.mul(
      tf.tensor2d(
        Array.from({ length: batch }, (_, i) => i),
        [batch, 1],
        'int32',
      ),
      total,
    )
    const rows = tf.reshape(tf.add(keep, offsets), [-1]) // [B·K]
    patches = tf.reshape(tf.gather(tf.reshape(patches, [batch * total, -1]), tf.cast(rows, 'int32')), [batch, count, -1])
    positions = tf.reshape(tf.gather(positions, tf.reshape(keep, [-1])), [batch, count, width]) // [B, K, D]
  }
  const weight = tf.reshape(params[`${tower}.embeddings.patch_embedding.weight`]!, [width, -1]) // [D, 3pp]
  const embedded = tf.add(linear(patches, weight), positions) // [B, K, D]
  // The class token joins by padding: unlike concat it needs no constant of the batch's size.
  const classToken = tf.add(tf.reshape(params[`${tower}.embeddings.class_embedding`]!, [1, width]), tf.slice(table, [0, 0], [1, width]))
  const padded = tf.pad(embedded, [
    [0, 0],
    [1, 0],
    [0, 0],
  ]) // [B, K+1, D]
  const tokens = tf.add(
    padded,
    tf.pad(classToken, [
      [0, embedded.shape[1]!],
      [0, 0],
    ]),
  )
  const pick = (rows: tf.Tensor) => tf.slice(rows, [0, 0, 0], [batch, 1, width])
  const average = (rows: tf.Tensor) => tf.mean(rows, 1)
  const { pooled, ...inner } = encoder(params, tower, config.vision_config, norm(params, `${tower}.pre_layrnorm`, tokens), { pick, average })
  const embedding = linear(norm(params, `${tower}.post_layernorm`, tf.reshape(pooled, [batch, width])), params['visual_projection.weight']!)
  return { embedding, ...inner }
}

export function visionParams(config: ClipConfig): ParamSpecs {
  const { hidden_size: width, patch_size: patch } = config.vision_config
  return {
    [`${tower}.embeddings.class_embedding`]: { shape: [width], init: { normal: width ** -0.5 } },
    [`${tower}.embeddings.patch_embedding.weight`]: { shape: [width, 3, patch, patch], init: { normal: (3 * patch * patch) ** -0.5 } },
    [`${tower}.embeddings.position_embedding.weight`]: { shape: [patchCount(config) + 1, width], init: { normal: 0.02 } },
    ...normParams(`${tower}.pre_layrnorm`, width), // Hugging Face's spelling
    ...encoderParams(tower, config.vision_config),
    ...normParams(`${tower}.post_layernorm`, width),
    'visual_projection.weight': { shape: [config.projection_dim, width], init: { normal: width ** -0.5 } },
  }
}
