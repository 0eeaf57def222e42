import { tf } from '../../engine/tf.ts'
import type { Gate } from '../../models/gates.ts'

/**
 * How much every channel contributes to the likeness of an item and its nearest teacher features, gate by gate: |t_j·s_j| with t the nearest, second nearest … row of
 * `queue` by cosine (CDD, arXiv 2303.09230: retrieval-guided contribution).
 * @param features s, what passes the student's gates [B, ΣC]
 * @param queue t, what passed the teacher's [M, ΣC]
 * @returns [neighbours, B, ΣC]
 */
export function contributions(features: tf.Tensor, queue: tf.Tensor, gates: readonly Gate[], neighbours: number): tf.Tensor {
  const sizes = gates.map(({ channels }) => channels)
  const teacher = tf.split(queue, sizes, 1)
  const perGate = tf.split(features, sizes, 1).map((student, i) => {
    let likeness: tf.Tensor = tf.matMul(unit(student), unit(teacher[i]!), false, true) // [B, M]
    return Array.from({ length: neighbours }, () => {
      // Equal rows of the queue tie and are taken together: their sum has their direction, and channels are only compared within an item.
      const nearest = tf.cast(tf.equal(likeness, tf.max(likeness, 1, true)), 'float32')
      likeness = tf.sub(likeness, tf.mul(nearest, 4)) // below every cosine
      return tf.abs(tf.mul(tf.matMul(nearest, teacher[i]!), student)) // [B, C]
    })
  })
  return tf.stack(
    Array.from({ length: neighbours }, (_, k) =>
      tf.concat(
        perGate.map((parts) => parts[k]!),
        1,
      ),
    ),
  )
}

function unit(x: tf.Tensor): tf.Tensor {
  return tf.div(x, tf.sqrt(tf.add(tf.sum(tf.square(x), 1, true), 1e-12)))
}

/**
 * Channels of one gate that contribute little to every item and neighbour: each time among the floor(share·C) lowest (ties included).
 * @param rows contributions [n, ΣC], of which columns start … start + channels are the gate's
 * @returns indices within the gate
 */
export function lowEverywhere(rows: Float32Array, columns: number, start: number, channels: number, share: number): number[] {
  const count = Math.floor(share * channels)
  let left = count > 0 ? Array.from({ length: channels }, (_, i) => i) : []
  for (let from = start; from < rows.length && left.length > 0; from += columns) {
    const row = rows.subarray(from, from + channels)
    const limit = row.toSorted()[count - 1]!
    left = left.filter((channel) => row[channel]! <= limit)
  }
  return left
}
