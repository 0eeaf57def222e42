import { tf } from '../../engine/tf.ts'
import { divergence } from './contrast.ts'
import { features } from './features.ts'
import { perTower } from './per-tower.ts'

const temperature = 0.07

/**
 * Relational distillation within one modality: each item's similarities to all others of its batch shall be the teacher's, mean over
 * rows of KL(softmax(A Aᵀ/τ) ‖ softmax(Û Ûᵀ/τ)) with τ = 0.07, and the same for texts. It is crd with one modality on both sides, and needs
 * no pairs. Probabilistic knowledge transfer (PKT, arXiv 1803.10837, §3, eq. 4–7) with the softmax of SEED (arXiv 2101.04731, eq. 2–5)
 * in place of its kernel. An item itself stays in its row: its similarity of 1 is what the others are compared with.
 */
export const rkd = perTower({
  name: 'rkd',
  space: 'teacher',
  needs: () => ['teacher'],
  loss: (tower, context) => {
    const { student, teacher } = features(context, tower)
    return divergence(similarities(teacher), similarities(student))
  },
})

/** [B, D] → [B, B] */
function similarities(rows: tf.Tensor): tf.Tensor {
  return tf.div(tf.matMul(rows, rows, false, true), temperature)
}
