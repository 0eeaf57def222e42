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
  const { betas: [beta1, beta2], epsilon, weightDecay } = { ...defaultAdamW, ...options }
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
      const firstCorrection = 1 / (1 - beta1 ** this.steps)
      const secondCorrection = 1 / (1 - beta2 ** this.steps)
      for (const name of trained) {
        const gradient = gradients[name]
        if (!gradient) continue // the loss does not reach this parameter
        const { shape, data: p } = params[name]!
        const m = state[`m:${name}`]!.data
        const v = state[`v:${name}`]!.data
        const decay = shape.length >= 2 ? weightDecay : 0
        for (let i = 0; i < p.length; i++) {
          const g = gradient[i]! * scale
          const m1 = beta1 * m[i]! + (1 - beta1) * g
          const v1 = beta2 * v[i]! + (1 - beta2) * g * g
          m[i] = m1
          v[i] = v1
          p[i] = p[i]! - learningRate * ((m1 * firstCorrection) / (Math.sqrt(v1 * secondCorrection) + epsilon) + decay * p[i]!)
        }
      }
    },
  }
}
