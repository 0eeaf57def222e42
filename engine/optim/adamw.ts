import type { Params } from '../params.ts'
import { adamwKernel } from './adamw-kernel.ts'

export interface AdamWOptions {
  betas: [number, number]
  epsilon: number
  weightDecay: number
}

/** CLIP-KD's settings. */
const defaultAdamW: AdamWOptions = { betas: [0.9, 0.98], epsilon: 1e-6, weightDecay: 0.1 }

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
 * AdamW with decoupled decay (Loshchilov & Hutter 2019) in float32, in place and one pass per tensor:
 * m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², p ← p − η·(m̂/(√v̂ + ε) + λp).
 * λ acts on matrices only: not on biases, norms, class embeddings and the logit scale.
 */
export function adamw(params: Params, trained: string[], options: Partial<AdamWOptions> = {}): Optimizer {
  const {
    betas: [beta1, beta2],
    epsilon,
    weightDecay,
  } = { ...defaultAdamW, ...options }
  const { state, update } = moments(params, trained)
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
        const keep = params[name]!.shape.length >= 2 ? 1 - learningRate * weightDecay : 1
        update(name, gradient, [beta1, beta2, (1 - beta1) * scale, (1 - beta2) * scale ** 2, rate, epsilon * root, keep])
      }
    },
  }
}

type Constants = [beta1: number, beta2: number, fresh1: number, fresh2: number, rate: number, epsilon: number, keep: number]

const chunk = 1 << 15 // numbers; two such arrays stay in a core's own cache

/** Both moments in the kernel's memory. Parameters and gradients, which live elsewhere, pass through it in chunks. */
function moments(params: Params, trained: string[]): { state: Params; update(name: string, gradient: Float32Array, constants: Constants): void } {
  const padded = (count: number) => Math.ceil(count / 4) * 4
  const total = trained.reduce((sum, name) => sum + 2 * padded(params[name]!.data.length), 2 * chunk)
  const memory = new WebAssembly.Memory({ initial: Math.ceil((4 * total) / 65536) })
  const kernel = adamwKernel(memory)
  let used = 2 * chunk
  const array = (count: number) => {
    const made = new Float32Array(memory.buffer, 4 * used, count)
    used += padded(count)
    return made
  }
  const [values, slopes] = [new Float32Array(memory.buffer, 0, chunk), new Float32Array(memory.buffer, 4 * chunk, chunk)]
  const state: Params = {}
  for (const name of trained) {
    const { shape, data } = params[name]!
    state[`m:${name}`] = { shape, data: array(data.length) }
    state[`v:${name}`] = { shape, data: array(data.length) }
  }
  return {
    state,
    update(name, gradient, constants) {
      const { data } = params[name]!
      const [m, v] = [state[`m:${name}`]!.data.byteOffset, state[`v:${name}`]!.data.byteOffset]
      for (let from = 0; from < data.length; from += chunk) {
        const count = Math.min(chunk, data.length - from)
        values.set(data.subarray(from, from + count))
        slopes.set(gradient.subarray(from, from + count))
        kernel(0, m + 4 * from, v + 4 * from, 4 * chunk, 4 * count, ...constants)
        data.set(values.subarray(0, count), from)
      }
    },
  }
}
