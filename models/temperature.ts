import { tf } from '../engine/tf.ts'

/** Where a learnt temperature stays: 1 ≤ s ≤ 100, as CLIP clamps it. */
const temperatureBounds = [0, Math.log(100)] as const

/** ln s as the loss sees it: an optimizer's momentum can carry the parameter itself past a bound. */
export function boundedLogarithm(value: number): number {
  const [low, high] = temperatureBounds
  return Math.min(Math.max(value, low), high)
}

/**
 * s = exp(p), clamped to [1, 100], a scalar. Beyond a bound the gradient still passes where it leads back: clipping alone has no slope
 * there, and a parameter that once stepped over would stay for good.
 */
export function boundedExp(logarithm: tf.Tensor): tf.Tensor {
  const [low, high] = temperatureBounds
  const op = tf.customGrad((...args: unknown[]) => {
    const [p, save] = args as [tf.Tensor, tf.GradSaveFunc]
    const value = tf.exp(tf.clipByValue(p, low, high))
    save([p, value])
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const [p, value] = saved as [tf.Tensor, tf.Tensor]
      // Descent lowers p where dy > 0 and raises it where dy < 0.
      const inside = tf.mul(either(tf.lessEqual(p, high), tf.greater(dy, 0)), either(tf.greaterEqual(p, low), tf.less(dy, 0)))
      return tf.mul(tf.mul(dy, value), inside)
    }
    return { value, gradFunc }
  })
  return op(logarithm)
}

/** 1 where one of two conditions holds, else 0. In numbers, since onnxruntime has Or for the processor alone. */
function either(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  return tf.maximum(tf.cast(a, 'float32'), tf.cast(b, 'float32'))
}
