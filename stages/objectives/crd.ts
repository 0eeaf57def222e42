import { tf } from '../../engine/tf.ts'
import type { Objective } from './objective.ts'

/**
 * Contrastive relational distillation: ½[KL(softmax(sT·ABᵀ) ‖ softmax(s·n(U)n(W)ᵀ)) + the same for text→image]
 * (CLIP-KD §3.2 eq. 4–6). 0 when the student's similarities equal the teacher's.
 */
export const crd: Objective = {
  name: 'crd',
  needs: ['teacher'],
  loss: ({ image, text, scale, teacher }) => {
    const student = tf.mul(tf.matMul(image, text, false, true), scale) // [B, B]
    const target = tf.mul(tf.matMul(teacher!.image, teacher!.text, false, true), teacher!.scale)
    return tf.mul(tf.add(divergence(target, student), divergence(tf.transpose(target), tf.transpose(student))), 0.5)
  },
}

/** Mean over rows of KL(softmax(target) ‖ softmax(logits)). */
function divergence(target: tf.Tensor, logits: tf.Tensor): tf.Tensor {
  const p = tf.logSoftmax(target as tf.Tensor2D)
  const q = tf.logSoftmax(logits as tf.Tensor2D)
  return tf.mean(tf.sum(tf.mul(tf.exp(p), tf.sub(p, q)), -1))
}
