import { tf } from '../../engine/tf.ts'
import { divergence, symmetricCrossEntropy } from './contrast.ts'
import type { Objective } from './objective.ts'

/**
 * Contrastive relational distillation: ½[KL(softmax(sT·ABᵀ) ‖ softmax(s·n(U)n(W)ᵀ)) + the same for text→image]
 * (CLIP-KD §3.2 eq. 4–6). 0 when the student's similarities equal the teacher's.
 *
 * With α = `crdAlpha` > 0 the true pairs enter the targets, (1−α)·teacher + α·I: DLIP's soft image–text targets (arXiv 2308.12956).
 * The value is (1−α)·KL + α·CE(I), so that α = 0 is crd and α = 1 is task. TinyCLIP's affinity mimicking (arXiv 2309.12314, §3.1),
 * the cross-entropy of the teacher's rows, has crd's gradient. Unpaired images and texts have no true pairs: α is 0 there.
 */
export const crd: Objective = {
  name: 'crd',
  needs: ['images', 'texts', 'teacher'],
  space: 'student',
  loss: ({ image, text, scale, teacherScale, inputs, objectiveSettings }) => {
    const alpha = inputs.positives ? objectiveSettings.crdAlpha : 0
    const student = tf.mul(tf.matMul(image!, text!, false, true), scale) // [B, B]
    const teacher = tf.mul(tf.matMul(inputs.teacher_image!, inputs.teacher_text!, false, true), teacherScale!)
    const soft = tf.mul(tf.add(divergence(teacher, student), divergence(tf.transpose(teacher), tf.transpose(student))), 0.5)
    return alpha === 0 ? soft : tf.add(tf.mul(soft, 1 - alpha), tf.mul(symmetricCrossEntropy(student, inputs.positives!), alpha))
  },
}
