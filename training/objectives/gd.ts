import { tf } from '../../engine/tf.ts'
import { rowsToOne } from './contrast.ts'
import { squaredDistance } from './features.ts'
import type { Objective } from './objective.ts'

/**
 * Gradient distillation: the student's embeddings shall be pushed by the CLIP loss as the teacher's are (CLIP-KD, arXiv
 * 2307.12732, §3, "Gradient Distillation"). For a direction p → k (images → texts and back) with q = softmax(s·p kᵀ) and targets I:
 *
 *     ∂L/∂p = s(q − I)k    ∂L/∂k = s(q − I)ᵀp    L = Σ over rows of CE(s·p kᵀ, I)    [B, Et] each
 *     gd = Σ over both directions and both gradients of mean over rows |student's − teacher's|²
 *
 * Gradients of the sum over the batch and squares in the row form: so the weight depends neither on B nor on Et. (The element mean of the
 * batch-mean's gradients is this divided by Et·B².) The gradients multiply by s, where public code divides by it: their size is of the
 * order of s². A weight of 0.0006 makes gd pull as hard as task at the start; 0.01 is what helps (docs/objectives.md has both measurements).
 */
export const gd: Objective = {
  name: 'gd',
  needs: ['images', 'texts', 'pairs', 'teacher'],
  space: 'teacher',
  loss: ({ projectedImage, projectedText, scale, teacherScale, inputs }) => {
    const sT = tf.scalar(teacherScale!)
    const toTexts = rowsToOne(inputs.positives!)
    const toImages = rowsToOne(tf.transpose(inputs.positives!))
    const direction = (student: [tf.Tensor, tf.Tensor], teacher: [tf.Tensor, tf.Tensor], labels: tf.Tensor) => {
      const ofStudent = clipGradients(...student, scale, labels)
      const ofTeacher = clipGradients(...teacher, sT, labels)
      return tf.add(squaredDistance(ofStudent.p, ofTeacher.p), squaredDistance(ofStudent.k, ofTeacher.k))
    }
    const images = direction([projectedImage!, projectedText!], [inputs.teacher_image!, inputs.teacher_text!], toTexts)
    const texts = direction([projectedText!, projectedImage!], [inputs.teacher_text!, inputs.teacher_image!], toImages)
    return tf.add(images, texts)
  },
}

/** Slopes of Σ over rows of CE(s·p kᵀ, labels) at p and k. p, k [B, Et], labels [B, B] with rows that sum to 1 → [B, Et] each */
export function clipGradients(p: tf.Tensor, k: tf.Tensor, scale: tf.Tensor, labels: tf.Tensor): { p: tf.Tensor; k: tf.Tensor } {
  const logits = tf.mul(tf.matMul(p, k, false, true), scale)
  const errors = tf.mul(tf.sub(tf.softmax(logits as tf.Tensor2D), labels), scale) // [B, B]
  return { p: tf.matMul(errors, k), k: tf.matMul(errors, p, true, false) }
}
