import { tf } from '../../engine/tf.ts'
import type { ObjectiveContext, Tower } from './objective.ts'

/** A tower's unit features in the teacher's space, the student's and the teacher's. [B, Et] each */
export function features({ projectedImage, projectedText, inputs }: ObjectiveContext, tower: Tower): { student: tf.Tensor; teacher: tf.Tensor } {
  return { student: tower === 'image' ? projectedImage! : projectedText!, teacher: inputs[`teacher_${tower}`]! }
}

/** Mean over rows of |a − b|². [B, D] each → scalar */
export function squaredDistance(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  return tf.mean(tf.sum(tf.squaredDifference(a, b), -1))
}
