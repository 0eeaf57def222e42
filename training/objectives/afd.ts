import { linear } from '../../engine/fused.ts'
import { tf } from '../../engine/tf.ts'
import { normalize } from '../../models/layers.ts'
import { symmetricCrossEntropy } from './contrast.ts'
import type { Objective } from './objective.ts'
import { temperature, temperatureParam } from './temperature.ts'

const image = 'objective.afd.image.weight'
const text = 'objective.afd.text.weight'

/**
 * Augmented feature distillation: student and teacher fused, h_v = n(F_v[û;a]) and h_t = n(F_t[ŵ;b]) with linear F [Et, 2Et], and
 * the CLIP loss on (h_v, h_t) (CLIP-KD, arXiv 2307.12732, §3, "Augmented Feature Distillation"). Its temperature is its own,
 * exp(a parameter) from 1/0.07, in [1, 100].
 */
export const afd: Objective = {
  name: 'afd',
  needs: ['images', 'texts', 'pairs', 'teacher', 'one-teacher'], // the fusions' sizes are one teacher's
  space: 'teacher',
  params: ({ teacherDim }) => {
    const fusion = { shape: [teacherDim, 2 * teacherDim], init: { normal: (2 * teacherDim) ** -0.5 } }
    return { [image]: fusion, [text]: fusion, ...temperatureParam('afd') }
  },
  loss: ({ projectedImage, projectedText, inputs, params }) => {
    const fuse = (student: tf.Tensor, teacher: tf.Tensor, weight: string) => normalize(linear(tf.concat([student, teacher], -1), params[weight]!))
    const images = fuse(projectedImage!, inputs.teacher_image!, image) // [B, Et]
    const texts = fuse(projectedText!, inputs.teacher_text!, text)
    return symmetricCrossEntropy(tf.mul(tf.matMul(images, texts, false, true), temperature(params, 'afd')), inputs.positives!)
  },
}
