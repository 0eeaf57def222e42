import { tf } from '../../engine/tf.ts'
import type { Tensors } from '../../engine/trace/trace.ts'
import { normalize } from '../../models/layers.ts'

/**
 * c(x) = softmax(l/T)·P: the mean of class-name vectors, weighted by how much a classifier sees of each class (ConSE, arXiv 1312.5650).
 * logits [B, C], vectors P [C, E] → [B, E]
 */
function classMeans(logits: tf.Tensor, vectors: tf.Tensor, temperature: number): tf.Tensor {
  return tf.matMul(tf.softmax(tf.div(logits, temperature)) as tf.Tensor2D, vectors as tf.Tensor2D)
}

/**
 * u' = n(u + λ·n(c(x) − c̄)), where c̄ is the mean of c over the pictures of a corpus.
 * u [B, E] of unit length, logits [B, C], params `class.vectors` [C, E] and `class.mean` [E], λ a scalar tensor → [B, E]
 */
export function addClassTerm(params: Tensors, u: tf.Tensor, logits: tf.Tensor, weight: tf.Tensor | number, temperature: number): tf.Tensor {
  const seen = normalize(tf.sub(classMeans(logits, params['class.vectors']!, temperature), params['class.mean']!))
  return normalize(tf.add(u, tf.mul(seen, weight)))
}
