import { tf } from '../../engine/tf.ts'
import { symmetricCrossEntropy } from './contrast.ts'
import type { Objective } from './objective.ts'

/**
 * CLIP's InfoNCE, ½[CE(s·n(U)n(W)ᵀ, I) + CE(transposed, I)], with every image–caption pair of one concept as a positive
 * (CLIP-KD, arXiv 2307.12732, eq. 1–3, for one positive a row).
 */
export const task: Objective = {
  name: 'task',
  needs: ['images', 'texts', 'pairs'],
  space: 'student',
  loss: ({ image, text, scale, inputs }) => symmetricCrossEntropy(tf.mul(tf.matMul(image!, text!, false, true), scale), inputs.positives!),
}
