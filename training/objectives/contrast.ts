import { tf } from '../../engine/tf.ts'

/** Mean over rows of CE(target, softmax(logits)); target rows sum to 1. logits, targets [B, M] → scalar. */
export function softCrossEntropy(logits: tf.Tensor, targets: tf.Tensor): tf.Tensor {
  return tf.neg(tf.mean(tf.sum(tf.mul(targets, tf.logSoftmax(logits as tf.Tensor2D)), -1)))
}

/** Scales every row of a non-negative matrix to sum 1. */
export function rowsToOne(matrix: tf.Tensor): tf.Tensor {
  return tf.div(matrix, tf.sum(matrix, -1, true))
}

/** ½[CE(rows) + CE(columns)] of logits [B, B] against 0/1 positives [B, B]: InfoNCE with any number of positives. */
export function symmetricCrossEntropy(logits: tf.Tensor, positives: tf.Tensor): tf.Tensor {
  const rows = softCrossEntropy(logits, rowsToOne(positives))
  const columns = softCrossEntropy(tf.transpose(logits), rowsToOne(tf.transpose(positives)))
  return tf.mul(tf.add(rows, columns), 0.5)
}

/** Mean over rows of KL(softmax(teacher) ‖ softmax(logits)). [B, M] each → scalar */
export function divergence(teacher: tf.Tensor, logits: tf.Tensor): tf.Tensor {
  const p = tf.logSoftmax(teacher as tf.Tensor2D)
  const q = tf.logSoftmax(logits as tf.Tensor2D)
  return tf.mean(tf.sum(tf.mul(tf.exp(p), tf.sub(p, q)), -1))
}
