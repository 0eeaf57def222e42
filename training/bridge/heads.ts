import { linear, quickGelu } from '../../engine/fused.ts'
import type { ParamSpecs } from '../../engine/params.ts'
import { tf } from '../../engine/tf.ts'
import type { Tensors } from '../../engine/trace/trace.ts'

/** Sizes of the image head. */
export interface HeadShape {
  features: number // F, numbers that the image tower gives a picture
  hidden: number // H, width of the MLP; 0 for a linear head
  embedDim: number // E, the text tower's
}

/** Parameters of the image head: a linear map and, with H > 0, an MLP beside it. Random weights are small enough that u has a length of about 1. */
export function headSpecs({ features, hidden, embedDim }: HeadShape): ParamSpecs {
  const linearMap: ParamSpecs = { 'head.linear.weight': { shape: [embedDim, features], init: { normal: 0.3 * features ** -0.5 } } }
  if (hidden === 0) return linearMap
  return {
    ...linearMap,
    'head.fc1.weight': { shape: [hidden, features], init: { normal: features ** -0.5 } },
    'head.fc1.bias': { shape: [hidden], init: { constant: 0 } },
    'head.fc2.weight': { shape: [embedDim, hidden], init: { normal: hidden ** -0.5 } },
  }
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
