import { linear } from '../../engine/fused.ts'
import { tf } from '../../engine/tf.ts'
import { normalize } from '../../models/layers.ts'
import { innerSizes, tokenMean } from './inner.ts'
import { perTower } from './per-tower.ts'

/**
 * Hidden states: mean over tokens of 1 − cos(P·h, h_T), h and h_T the outputs of the last layers of student and teacher, P [Dt, D] a learnt
 * linear map that is dropped at the end (DLIP, arXiv 2308.12956, §3, distillation of hidden states). In [0, 2]; padding
 * does not count.
 */
export const hidden = perTower({
  name: 'hidden',
  space: 'inner',
  needs: (tower) => [`hidden-${tower}`],
  params: (tower, name, sizes) => {
    const { student, teacher } = innerSizes(sizes, tower, name)
    return { [weightOf(name, tower)]: { shape: [teacher, student], init: { normal: student ** -0.5 } } }
  },
  loss: (tower, { inner, inputs, params }, name) => {
    const { layers, attended } = inner![tower]!
    const projected = normalize(linear(layers.hidden!, params[weightOf(name, tower)]!)) // [B, T, Dt]
    const cosine = tf.sum(tf.mul(projected, normalize(inputs[`teacher_${tower}_hidden`]!)), -1) // [B, T]
    return tf.sub(1, tokenMean(cosine, attended))
  },
})

const weightOf = (name: string, tower: string) => `objective.${name}.${tower}.weight`
