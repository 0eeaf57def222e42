import { tf } from '../../engine/tf.ts'
import { rowsToOne, softCrossEntropy } from './contrast.ts'
import type { Objective } from './objective.ts'
import { temperature, temperatureParam } from './temperature.ts'

/**
 * Interactive contrastive learning: ½[CE(c·Û Bᵀ, I) + CE(c·Ŵ Aᵀ, I)], the student's images against the teacher's texts and the
 * student's texts against the teacher's images (CLIP-KD, arXiv 2307.12732, §3, "Interactive Contrastive Learning"). c = exp(a
 * parameter of its own), from 1/0.07, in [1, 100]. Items of one concept are positives, as in task.
 */
export const icl: Objective = {
  name: 'icl',
  needs: ['images', 'teacher'],
  space: 'teacher',
  params: () => temperatureParam('icl'),
  loss: ({ projectedImage, projectedText, inputs, params }) => {
    const c = temperature(params, 'icl')
    const contrast = (student: tf.Tensor, others: tf.Tensor, targets: tf.Tensor) =>
      softCrossEntropy(tf.mul(tf.matMul(student, others, false, true), c), rowsToOne(targets)) // [B, B]
    const images = contrast(projectedImage!, inputs.teacher_text!, inputs.positives!)
    const texts = contrast(projectedText, inputs.teacher_image!, tf.transpose(inputs.positives!))
    return tf.mul(tf.add(images, texts), 0.5)
  },
}
