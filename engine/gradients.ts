import { tf } from './tf.ts'
import type { TensorFunction, Tensors } from './trace/trace.ts'

/** Scalars of a step: `loss` is minimised, the others are only logged. */
export type Loss = (params: Tensors, inputs: Tensors) => { loss: tf.Tensor } & Tensors

/** Name of the output that holds a parameter's gradient. */
export const gradientOf = (param: string) => `gradient:${param}`

/**
 * Turns a loss into the training step's graph: inputs are parameters and data side by side, outputs are the loss's scalars
 * and `gradient:NAME` for every trained parameter. A parameter that the loss does not reach has no gradient output.
 */
export function withGradients(loss: Loss, paramNames: string[]): TensorFunction {
  return (inputs) => {
    const scalars: Tensors = {}
    const forward = () => {
      const results = loss(inputs, inputs)
      for (const [name, tensor] of Object.entries(results)) scalars[name] = tf.keep(tensor)
      return results.loss as tf.Scalar
    }
    // Not tf.valueAndGrads: it throws when the loss does not reach one of the parameters, as fd does not reach logit_scale.
    const { grads } = tf.engine().gradients(
      forward,
      paramNames.map((name) => inputs[name]!),
      undefined,
      true,
    )
    const gradients = paramNames.flatMap((name, i) => (grads[i] ? [[gradientOf(name), grads[i]] as const] : []))
    return { ...scalars, ...Object.fromEntries(gradients) }
  }
}
