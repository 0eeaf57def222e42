import { tf } from '../../engine/tf.ts'
import { features } from './features.ts'
import { perTower } from './per-tower.ts'

/**
 * DC-CLIP's stage-1 loss on unit features (arXiv 2404.11249): Σ over elements of 0.5x²/β where |x| < β, else |x| − 0.5β; mean over
 * rows, images plus texts. β is `smoothL1Beta`, 1/√Et by default: with β = 1 it would only be ½·fd.
 */
export const smoothL1 = perTower({
  name: 'smooth-l1',
  space: 'teacher',
  needs: () => ['teacher'],
  loss: (tower, context) => {
    const { student, teacher } = features(context, tower)
    return huber(student, teacher, context.objectiveSettings.smoothL1Beta ?? teacher.shape.at(-1)! ** -0.5)
  },
})

function huber(a: tf.Tensor, b: tf.Tensor, beta: number): tf.Tensor {
  const x = tf.abs(tf.sub(a, b))
  const inner = tf.minimum(x, beta) // branch-free: 0.5·min(x,β)²/β + (x − min(x,β))
  return tf.mean(tf.sum(tf.add(tf.mul(tf.square(inner), 0.5 / beta), tf.sub(x, inner)), -1))
}
