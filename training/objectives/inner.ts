import { UserError } from '../../base/errors.ts'
import { tf } from '../../engine/tf.ts'
import type { ObjectiveSizes, Tower } from './objective.ts'

/** Mean over the tokens that count. values [B, T], attended [B, T] of 1 and 0 → scalar */
export function tokenMean(values: tf.Tensor, attended: tf.Tensor | undefined): tf.Tensor {
  if (!attended) return tf.mean(values)
  return tf.div(tf.sum(tf.mul(values, attended)), tf.sum(attended))
}

/** @throws UserError when no teacher shows that tower's last layer */
export function innerSizes({ inner }: ObjectiveSizes, tower: Tower, name: string): { student: number; teacher: number } {
  const sizes = inner?.[tower]
  if (!sizes) throw noInnerTeacher(name, tower)
  return sizes
}

export function noInnerTeacher(name: string, tower: Tower): UserError {
  return new UserError({
    where: `--objective ${name}`,
    expected: `a teacher that shows what is inside its ${tower} tower`,
    got: 'none',
    hint: 'Name one with --inner-teacher: a model folder, an export of ours, or (not for gates) ONNX files with outputs hidden_states and attentions.',
  })
}
