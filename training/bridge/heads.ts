import { linear, quickGelu } from '../../engine/fused.ts'
import type { ParamSpecs, Params } from '../../engine/params.ts'
import { tf } from '../../engine/tf.ts'
import type { Tensors } from '../../engine/trace/trace.ts'
import { normalize } from '../../models/layers.ts'

/** Sizes of the heads. */
export interface HeadShape {
  features: number // F, numbers that the image tower gives a picture
  hidden: number // H, width of the image head's MLP; 0 for a linear head
  textHidden: number // T, width of the text head's MLP; 0 for no text head
  embedDim: number // E, the text tower's
}

/** Parameters of both heads. */
export function headSpecs(shape: HeadShape): ParamSpecs {
  return { ...imageHeadSpecs(shape), ...textHeadSpecs(shape) }
}

/** A linear map and, with H > 0, an MLP beside it. Random weights are small enough that u has a length of about 1. */
function imageHeadSpecs({ features, hidden, embedDim }: HeadShape): ParamSpecs {
  const linearMap: ParamSpecs = { 'head.linear.weight': { shape: [embedDim, features], init: { normal: 0.3 * features ** -0.5 } } }
  if (hidden === 0) return linearMap
  return {
    ...linearMap,
    'head.fc1.weight': { shape: [hidden, features], init: { normal: features ** -0.5 } },
    'head.fc1.bias': { shape: [hidden], init: { constant: 0 } },
    'head.fc2.weight': { shape: [embedDim, hidden], init: { normal: hidden ** -0.5 } },
  }
}

/** An MLP beside the identity, which the head is at first. */
function textHeadSpecs({ textHidden, embedDim }: HeadShape): ParamSpecs {
  if (textHidden === 0) return {}
  return {
    'text_head.fc1.weight': { shape: [textHidden, embedDim], init: { normal: embedDim ** -0.5 } },
    'text_head.fc1.bias': { shape: [textHidden], init: { constant: 0 } },
    'text_head.fc2.weight': { shape: [embedDim, textHidden], init: { constant: 0 } },
  }
}

const isOfTexts = (name: string) => name.startsWith('text_head.')

/** The parameters that texts go through; none where there is no text head. */
export function textHeadParams(params: Params): Params {
  return Object.fromEntries(Object.entries(params).filter(([name]) => isOfTexts(name)))
}

/** The others. */
export function imageHeadParams(params: Params): Params {
  return Object.fromEntries(Object.entries(params).filter(([name]) => !isOfTexts(name)))
}

/** Masks of dropout, 0 or 1/(1 − p); absent where the head is used and not trained. */
export interface Dropout {
  features?: tf.Tensor // [B, F]
  hidden?: tf.Tensor // [B, H]
}

/**
 * Takes standardised features of pictures into the text tower's space: u = W₀x + W₂·gelu(W₁x + b₁), as LiT does with both towers locked (arXiv
 * 2111.07991). x [B, F] → [B, E], not normalised.
 */
export function imageHead(params: Tensors, x: tf.Tensor, dropout: Dropout = {}): tf.Tensor {
  const seen = dropout.features ? tf.mul(x, dropout.features) : x
  const straight = linear(seen, params['head.linear.weight']!)
  if (!params['head.fc1.weight']) return straight
  const hidden = quickGelu(linear(seen, params['head.fc1.weight']!, params['head.fc1.bias']!))
  return tf.add(straight, linear(dropout.hidden ? tf.mul(hidden, dropout.hidden) : hidden, params['head.fc2.weight']!))
}

/**
 * Moves texts towards what pictures show: v = n(z + W₂·gelu(W₁z + b₁)), or z itself where there are no weights of a text head.
 * z [B, E] of unit length → [B, E] of unit length
 * @param keepHidden mask of dropout [B, T]; absent where the head is used and not trained
 */
export function textHead(params: Tensors, z: tf.Tensor, keepHidden?: tf.Tensor): tf.Tensor {
  if (!params['text_head.fc1.weight']) return z
  const hidden = quickGelu(linear(z, params['text_head.fc1.weight'], params['text_head.fc1.bias']!))
  return normalize(tf.add(z, linear(keepHidden ? tf.mul(hidden, keepHidden) : hidden, params['text_head.fc2.weight']!)))
}
