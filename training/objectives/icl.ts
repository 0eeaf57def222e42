import { tf } from '../../engine/tf.ts'
import { rowsToOne, softCrossEntropy } from './contrast.ts'
import type { Objective } from './objective.ts'
import { temperature, temperatureParam } from './temperature.ts'

/**
 * Interactive contrastive learning: ½[CE(c·Û Bᵀ, I) + CE(c·Ŵ Aᵀ, I)], the student's images against the teacher's texts and the
 * student's texts against the teacher's images (CLIP-KD, arXiv 2307.12732, §3, "Interactive Contrastive Learning"). c = exp(a
 * parameter of its own), from 1/0.07, in [1, 100]. Items of one concept are positives, as in task. Where images and texts are unpaired the
 * teacher's similarities stand in for I: softmax(sT·ABᵀ), and for texts softmax(sT·BAᵀ).
 */
export const icl: Objective = {
  name: 'icl',
  needs: ['images', 'texts', 'teacher'],
  space: 'teacher',
  params: () => temperatureParam('icl'),
  loss: ({ projectedImage, projectedText, teacherScale, inputs, params }) => {
    const c = temperature(params, 'icl')
    const contrast = (student: tf.Tensor, others: tf.Tensor, targets: tf.Tensor) =>
      softCrossEntropy(tf.mul(tf.matMul(student, others, false, true), c), targets) // [B, B]
    const { teacher_image: a, teacher_text: b, positives } = inputs
    const similar = (rows: tf.Tensor, others: tf.Tensor) => tf.softmax(tf.mul(tf.matMul(rows, others, false, true), teacherScale!) as tf.Tensor2D)
    const images = contrast(projectedImage!, b!, positives ? rowsToOne(positives) : similar(a!, b!))
    const texts = contrast(projectedText!, a!, positives ? rowsToOne(tf.transpose(positives)) : similar(b!, a!))
    return tf.mul(tf.add(images, texts), 0.5)
  },
}
