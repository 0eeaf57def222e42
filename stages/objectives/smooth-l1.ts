import { tf } from '../../engine/tf.ts'
import type { Objective } from './objective.ts'

/**
 * DC-CLIP's stage-1 loss on unit features (arXiv 2404.11249): Σ over elements of 0.5x²/β where |x| < β, else |x| − 0.5β; mean over
 * rows, images plus texts. β = 1/√Et: with β = 1 it would only be ½·fd.
 */
export const smoothL1: Objective = {
  name: 'smooth-l1',
  needs: ['teacher'],
  loss: ({ projectedImage, projectedText, teacher }) => tf.add(huber(projectedImage, teacher!.image), huber(projectedText, teacher!.text)),
}

function huber(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  const beta = a.shape.at(-1)! ** -0.5
  const x = tf.abs(tf.sub(a, b))
  const inner = tf.minimum(x, beta) // branch-free: 0.5·min(x,β)²/β + (x − min(x,β))
  return tf.mean(tf.sum(tf.add(tf.mul(tf.square(inner), 0.5 / beta), tf.sub(x, inner)), -1))
}
