import { tf } from '../../engine/tf.ts'
import type { Objective } from './objective.ts'
import { temperature, temperatureParam } from './temperature.ts'

const bias = 'objective.siglip.bias'

/**
 * SigLIP's pairwise loss, −1/B·Σᵢⱼ ln σ(zᵢⱼ(c·n(U)n(W)ᵀ + b)ᵢⱼ), z = 1 for pairs that belong together and −1 for all others (arXiv
 * 2303.15343, §3.2, algorithm 1). Every pair is a question of its own: there is no softmax over the batch, and several positives need no
 * sharing. c = exp(a parameter) from 10 and b from −10 are its own: the model's logit scale stays as other objectives make it.
 */
export const siglip: Objective = {
  name: 'siglip',
  needs: ['images', 'texts', 'pairs'],
  space: 'student',
  params: () => ({ ...temperatureParam('siglip', 10), [bias]: { shape: [], init: { constant: -10 } } }),
  loss: ({ image, text, inputs, params }) => {
    const logits = tf.add(tf.mul(tf.matMul(image!, text!, false, true), temperature(params, 'siglip')), params[bias]!) // [B, B]
    const signs = tf.sub(tf.mul(inputs.positives!, 2), 1)
    return tf.mean(tf.sum(tf.softplus(tf.neg(tf.mul(signs, logits))), -1)) // −ln σ(x) = softplus(−x)
  },
}
