import { tf } from '../../engine/tf.ts'
import type { Objective } from './objective.ts'

/**
 * Feature distillation: mean over rows of |û−a|² + |ŵ−b|² (CLIP-KD §3.2 eq. 7, in the row form, whose weight does not depend on
 * the embedding's dimension).
 */
export const fd: Objective = {
  name: 'fd',
  needs: ['teacher'],
  loss: ({ projectedImage, projectedText, teacher }) => tf.add(distance(projectedImage, teacher!.image), distance(projectedText, teacher!.text)),
}

function distance(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  return tf.mean(tf.sum(tf.squaredDifference(a, b), -1))
}
