import type { tf } from '../../engine/tf.ts'
import type { ObjectiveContext } from './objective.ts'

/** A loss of images alone: computed for the first language, and taken from there for the others. */
export function imageTerm({ imageTerms }: ObjectiveContext, name: string, loss: () => tf.Tensor): tf.Tensor {
  const known = imageTerms?.get(name)
  if (known) return known
  const value = loss()
  imageTerms?.set(name, value)
  return value
}
