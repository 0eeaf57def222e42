import { compile } from '../../engine/compile.ts'
import type { RuntimeOptions } from '../../engine/runtime.ts'
import { tf } from '../../engine/tf.ts'

export interface PseudoOptions {
  /** Covariance of features at hand [F, F]. */
  covariance: Float32Array
  /** How much of the mean variance is added to every direction. */
  ridge: number
  /** By how much the class's own centred logit rises. */
  rise: number
}

/**
 * Steps in feature space that stand for classes of which there is no picture: d_k = s·(Σ + ρ·tr(Σ)/F·I)(w_k − w̄) for the rows w_k of a classifier, s such that
 * the centred logit (w_k − w̄)·f rises by `rise`. A pseudo-photograph of class k is an anchor, such as the mean of photographs, plus d_k.
 * weight [C, F] → [C, F]; a class whose row is the mean row has no direction and stays at 0
 */
export async function classSteps(
  { weight, classes, features }: { weight: Float32Array; classes: number; features: number },
  { covariance, ridge, rise }: PseudoOptions,
  runtime: RuntimeOptions = {},
): Promise<Float32Array> {
  const mean = new Float64Array(features)
  for (let i = 0; i < weight.length; i++) mean[i % features]! += weight[i]! / classes
  const rows = weight.map((value, i) => value - mean[i % features]!)
  let trace = 0
  for (let i = 0; i < features; i++) trace += covariance[i * (features + 1)]!
  const smoothed = covariance.slice()
  for (let i = 0; i < features; i++) smoothed[i * (features + 1)]! += (ridge * trace) / features
  const steps = await product(rows, classes, smoothed, features, runtime)
  for (let k = 0; k < classes; k++) {
    let slope = 0
    for (let i = k * features; i < (k + 1) * features; i++) slope += rows[i]! * steps[i]!
    const scale = slope > 0 ? rise / slope : 0
    for (let i = k * features; i < (k + 1) * features; i++) steps[i]! *= scale
  }
  return steps
}

/** Mean [F] and covariance [F, F] of rows [N, F]. */
export async function moments(
  rows: Float32Array,
  features: number,
  runtime: RuntimeOptions = {},
): Promise<{ mean: Float32Array; covariance: Float32Array }> {
  const count = rows.length / features
  const sums = new Float64Array(features)
  for (let i = 0; i < rows.length; i++) sums[i % features]! += rows[i]!
  const mean = Float32Array.from(sums, (sum) => sum / count)
  const centred = rows.map((value, i) => value - mean[i % features]!)
  const step = await compile(
    ({ x }) => ({ covariance: tf.div(tf.matMul(x as tf.Tensor2D, x as tf.Tensor2D, true), count) }),
    { x: { dtype: 'float32', shape: [count, features] } },
    runtime,
  )
  try {
    return { mean, covariance: (await step.run({ x: centred })).covariance! }
  } finally {
    await step.release()
  }
}

async function product(left: Float32Array, rows: number, right: Float32Array, width: number, runtime: RuntimeOptions): Promise<Float32Array> {
  const specs = { left: { dtype: 'float32' as const, shape: [rows, width] }, right: { dtype: 'float32' as const, shape: [width, width] } }
  const step = await compile(({ left, right }) => ({ product: tf.matMul(left as tf.Tensor2D, right as tf.Tensor2D) }), specs, runtime)
  try {
    return (await step.run({ left, right })).product!.slice()
  } finally {
    await step.release()
  }
}
