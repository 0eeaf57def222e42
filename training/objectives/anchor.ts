import { tf } from '../../engine/tf.ts'
import { normalize } from '../../models/layers.ts'
import { softCrossEntropy } from './contrast.ts'
import type { Objective } from './objective.ts'

const anchors = 'objective.anchor.weight'

/**
 * Class anchors: one learnt unit vector per class that both towers classify to, ½[CE(s·n(U)n(C)ᵀ, class) + CE(s·n(W)n(C)ᵀ, class)].
 * Every step contrasts with all classes instead of a batch's, and neither tower waits for the other: training from random
 * weights leaves its plateau several times sooner. Proxies as in Movshovitz-Attias et al. 2017 (arXiv 1703.07464), shared by
 * both modalities.
 */
export const anchor: Objective = {
  name: 'anchor',
  needs: ['images', 'texts', 'pairs', 'classes'],
  space: 'student',
  params: ({ embedDim, classes }) => ({ [anchors]: { shape: [classes, embedDim], init: { normal: embedDim ** -0.5 } } }),
  loss: ({ image, text, scale, inputs, params }) => {
    const proxies = normalize(params[anchors]!) // [C, E]
    const targets = tf.oneHot(inputs.classes as tf.Tensor1D, proxies.shape[0]!) // [B, C]
    const classify = (embeds: tf.Tensor) => softCrossEntropy(tf.mul(tf.matMul(embeds, proxies, false, true), scale), targets)
    return tf.mul(tf.add(classify(image!), classify(text!)), 0.5)
  },
}
