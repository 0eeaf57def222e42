import { tf } from './tf.ts'

/**
 * Ops with hand-written gradients, as custom tfjs kernels: a single ONNX node when traced, plain tfjs ops when eager.
 * They save most of the elementwise work of a transformer step.
 */

/** y = (x − mean)·gamma/√(var + epsilon) + beta over the last axis. x [..., D] → [..., D]. */
export function layerNorm(x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor, epsilon = 1e-5): tf.Tensor {
  registerEagerKernels()
  const op = tf.customGrad((...args: unknown[]) => {
    const [x, gamma, beta, save] = args as [tf.Tensor, tf.Tensor, tf.Tensor, tf.GradSaveFunc]
    const [y, mean, inverse] = tf.engine().runKernel('LayerNormalization', { x, gamma, beta }, { epsilon }) as unknown as [
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
    ]
    save([x, gamma, mean, inverse])
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const [x, gamma, mean, inverse] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]
      // With c = x − mean, e = dy·inverse and g = gamma: dx = e·g − mean(e·g) − c·inverse²·mean(e·c·g), dgamma = Σ e·c, dbeta = Σ dy.
      const centered = tf.sub(x, mean)
      const slopes = tf.mul(dy, inverse)
      const product = tf.mul(slopes, centered)
      const scaled = tf.mul(slopes, gamma)
      const along = tf.mul(tf.mean(tf.mul(product, gamma), -1, true), tf.square(inverse))
      const dx = tf.sub(tf.sub(scaled, tf.mean(scaled, -1, true)), tf.mul(centered, along))
      const rows = Array.from({ length: x.rank - 1 }, (_, i) => i)
      return [dx, tf.sum(product, rows), tf.sum(dy, rows)]
    }
    return { value: y, gradFunc }
  })
  return op(x, gamma, beta)
}

/** x·σ(1.702x), CLIP's activation. Keeps σ for the way back: it costs more than reading it again. */
export function quickGelu(x: tf.Tensor): tf.Tensor {
  const op = tf.customGrad((...args: unknown[]) => {
    const [x, save] = args as [tf.Tensor, tf.GradSaveFunc]
    const gate = tf.sigmoid(tf.mul(x, 1.702))
    const y = tf.mul(x, gate)
    save([gate, y])
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const [gate, y] = saved as [tf.Tensor, tf.Tensor]
      // d(x·g)/dx = g + 1.702·x·g·(1−g) = g + 1.702·y·(1−g)
      return tf.mul(dy, tf.add(gate, tf.mul(tf.mul(y, 1.702), tf.sub(1, gate))))
    }
    return { value: y, gradFunc }
  })
  return op(x)
}

/**
 * x·Wᵀ + b with W in Hugging Face's layout [out, in]. x [..., in] → [..., out].
 * tfjs' own gradient of a broadcast matmul throws; this one flattens the rows.
 */
export function linear(x: tf.Tensor, weight: tf.Tensor, bias?: tf.Tensor): tf.Tensor {
  const op = tf.customGrad((...args: unknown[]) => {
    const [x, weight, save] = args as [tf.Tensor, tf.Tensor, tf.GradSaveFunc]
    save([x, weight])
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const [x, weight] = saved as [tf.Tensor, tf.Tensor]
      const rows = (t: tf.Tensor) => tf.reshape(t, [-1, t.shape.at(-1)!])
      return [tf.matMul(dy, weight), tf.matMul(rows(dy), rows(x), true, false)]
    }
    return { value: tf.matMul(x, weight, false, true), gradFunc }
  })
  const product = op(x, weight)
  return bias ? tf.add(product, bias) : product
}

let registered = false

/** Gives the eager backends their versions, composed of ordinary ops. */
function registerEagerKernels(): void {
  if (registered) return
  registered = true
  for (const backendName of ['cpu', 'tensorflow', 'wasm']) {
    tf.registerKernel({
      kernelName: 'LayerNormalization',
      backendName,
      kernelFunc: ({ inputs, attrs }) => {
        const { x, gamma, beta } = inputs as Record<string, tf.Tensor>
        const { mean, variance } = tf.moments(x!, -1, true)
        const inverse = tf.rsqrt(tf.add(variance, attrs!.epsilon as number))
        const y = tf.add(tf.mul(tf.mul(tf.sub(x!, mean), inverse), gamma!), beta!)
        return [y, mean, inverse]
      },
    })
  }
}
