import type { Params } from '../params.ts'

export interface AdamWOptions {
  betas: [number, number]
  epsilon: number
  weightDecay: number
}

/** CLIP-KD's settings. */
export const defaultAdamW: AdamWOptions = { betas: [0.9, 0.98], epsilon: 1e-6, weightDecay: 0.1 }

export type Gradients = Record<string, Float32Array>

export interface Optimizer {
  /** Updates the parameters in place and counts one step. `scale` multiplies every gradient (clipping, accumulation). */
  update(gradients: Gradients, learningRate: number, scale?: number): void
  /** First and second moments under `m:NAME` and `v:NAME`, for checkpoints; the arrays are live. */
  state: Params
  /** Steps taken so far; settable when a checkpoint is restored. */
  steps: number
}

/**
 * AdamW with decoupled decay (Loshchilov & Hutter 2019), in place and one pass per tensor:
 * m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², p ← p − η·(m̂/(√v̂ + ε) + λp).
 * λ acts on matrices only: not on biases, norms, class embeddings and the logit scale.
 */
export function adamw(params: Params, trained: string[], options: Partial<AdamWOptions> = {}): Optimizer {
  const {
    betas: [beta1, beta2],
    epsilon,
    weightDecay,
  } = { ...defaultAdamW, ...options }
  const state: Params = {}
  for (const name of trained) {
    const { shape, data } = params[name]!
    state[`m:${name}`] = { shape, data: new Float32Array(data.length) }
    state[`v:${name}`] = { shape, data: new Float32Array(data.length) }
  }
  return {
    state,
    steps: 0,
    update(gradients, learningRate, scale = 1) {
      this.steps++
      // Bias corrections and the gradient's scale move into constants: m̂/(√v̂ + ε) = m·(√c₂/c₁)/(√v + ε√c₂) with cᵢ = 1 − βᵢᵗ.
      const root = Math.sqrt(1 - beta2 ** this.steps)
      const rate = (learningRate * root) / (1 - beta1 ** this.steps)
      for (const name of trained) {
        const gradient = gradients[name]
        if (!gradient) continue // the loss does not reach this parameter
        const { shape, data } = params[name]!
        const keep = shape.length >= 2 ? 1 - learningRate * weightDecay : 1
        const constants = { beta1, beta2, fresh1: (1 - beta1) * scale, fresh2: (1 - beta2) * scale ** 2, rate, epsilon: epsilon * root, keep }
        updateTensor(data, state[`m:${name}`]!.data, state[`v:${name}`]!.data, gradient, constants)
      }
    },
  }
}

interface Constants {
  beta1: number
  beta2: number
  fresh1: number
  fresh2: number
  rate: number
  epsilon: number
  keep: number
}

/**
 * The innermost loop of every step, over all parameters: on its own, so that it is compiled as one tight loop, and two numbers at a time, so
 * that roots and divisions need not wait for each other. An odd last number is its own neighbour: both are read before either is written.
 */
function updateTensor(
  p: Float32Array,
  m: Float32Array,
  v: Float32Array,
  g: Float32Array,
  { beta1, beta2, fresh1, fresh2, rate, epsilon, keep }: Constants,
): void {
  const last = p.length - 1
  for (let i = 0; i <= last; i += 2) {
    const j = i < last ? i + 1 : i
    const slope1 = g[i]!
    const slope2 = g[j]!
    const m1 = beta1 * m[i]! + fresh1 * slope1
    const m2 = beta1 * m[j]! + fresh1 * slope2
    const v1 = beta2 * v[i]! + fresh2 * slope1 * slope1
    const v2 = beta2 * v[j]! + fresh2 * slope2 * slope2
    const p1 = keep * p[i]! - (rate * m1) / (Math.sqrt(v1) + epsilon)
    const p2 = keep * p[j]! - (rate * m2) / (Math.sqrt(v2) + epsilon)
    m[i] = m1
    m[j] = m2
    v[i] = v1
    v[j] = v2
    p[i] = p1
    p[j] = p2
  }
}
