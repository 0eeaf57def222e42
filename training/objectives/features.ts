import { tf } from '../../engine/tf.ts'
import type { ObjectiveContext, Tower } from './objective.ts'

/** A tower's unit features in the teacher's space, the student's and the teacher's. [B, Et] each */
export function features({ projectedImage, projectedText, teacher }: ObjectiveContext, tower: Tower): { student: tf.Tensor; target: tf.Tensor } {
  return tower === 'image' ? { student: projectedImage!, target: teacher!.image! } : { student: projectedText, target: teacher!.text }
}

/** Mean over rows of |a − b|². [B, D] each → scalar */
export function squaredDistance(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  return tf.mean(tf.sum(tf.squaredDifference(a, b), -1))
}
