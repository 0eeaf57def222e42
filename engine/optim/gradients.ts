import type { Gradients } from './adamw.ts'

/** Euclidean norm of all gradients together. */
export function globalNorm(gradients: Gradients): number {
  let sum = 0
  for (const gradient of Object.values(gradients)) {
    let part = 0
    for (let i = 0; i < gradient.length; i++) part += gradient[i]! * gradient[i]!
    sum += part
  }
  return Math.sqrt(sum)
}

/** Factor that brings gradients of norm `norm` down to `maxNorm`; 1 when they are small enough. */
export function clipScale(norm: number, maxNorm: number): number {
  return norm > maxNorm ? maxNorm / norm : 1
}

/** Adds `more` to `sum` in place; the first micro-batch's arrays become the sum. */
export function accumulate(sum: Gradients | undefined, more: Gradients): Gradients {
  if (!sum) return more
  for (const [name, gradient] of Object.entries(more)) {
    const total = sum[name]!
    for (let i = 0; i < total.length; i++) total[i] = total[i]! + gradient[i]!
  }
  return sum
}
