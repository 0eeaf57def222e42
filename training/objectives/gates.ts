import { tf } from '../../engine/tf.ts'
import { perTower } from './per-tower.ts'

/**
 * Block features: Σ over gates of |t − s|₂, mean over rows; s [B, C] and t what passes the same gate of student and teacher, averaged over tokens, before
 * any compactor (CDD, arXiv 2303.09230, distillation of block features; its weight is 0.5). Needs a teacher of the student's widths and layers.
 */
export const gates = perTower({
  name: 'gates',
  space: 'inner',
  needs: (tower) => [`gates-${tower}`],
  loss: (tower, { inner, inputs }) => {
    const { layers, gates } = inner![tower]!
    const difference = tf.sub(inputs[`teacher_${tower}_gates`]!, layers.gates!) // [B, ΣC]
    const sizes = gates.map(({ channels }) => channels)
    // A student that begins as its teacher has no difference at all, where the root has no slope.
    const norms = tf.split(difference, sizes, 1).map((part) => tf.sqrt(tf.add(tf.sum(tf.square(part), 1), 1e-12)))
    return tf.mean(tf.addN(norms))
  },
})
