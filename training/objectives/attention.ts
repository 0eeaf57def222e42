import { tf } from '../../engine/tf.ts'
import { tokenMean } from './inner.ts'
import { perTower } from './per-tower.ts'

/**
 * Attention maps: KL(teacher's row ‖ student's row) of the last layers' self-attention, mean over heads and query tokens (DLIP, arXiv
 * 2308.12956, §3, distillation of attention maps; MiniLM, arXiv 2002.10957, §3.1). Where the numbers of heads differ, both are
 * averaged over heads first. Rows of padding do not count. Both must have the same tokens.
 */
export const attention = perTower({
  name: 'attention',
  space: 'inner',
  needs: (tower) => [`attention-${tower}`],
  loss: (tower, { inner, inputs }) => {
    const { layers, attended } = inner![tower]!
    const [student, teacher] = [layers.attention!, inputs[`teacher_${tower}_attention`]!]
    const sameHeads = student.shape[1] === teacher.shape[1]
    const heads = (maps: tf.Tensor) => (sameHeads ? maps : tf.mean(maps, 1, true)) // [B, H or 1, T, T]
    const rows = tf.mean(divergence(heads(teacher), heads(student)), 1) // [B, T]
    return tokenMean(rows, attended)
  },
})

/** KL of every row; where the teacher does not look, 0·ln 0 = 0. [..., T] → [...] */
function divergence(p: tf.Tensor, q: tf.Tensor): tf.Tensor {
  const log = (x: tf.Tensor) => tf.log(tf.maximum(x, 1e-9))
  return tf.sum(tf.mul(p, tf.sub(log(p), log(q))), -1)
}
