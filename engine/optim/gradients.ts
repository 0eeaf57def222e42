import type { Gradients } from './adamw.ts'

/** Euclidean norm of all gradients together. */
export function globalNorm(gradients: Gradients): number {
  return Math.sqrt(Object.values(gradients).reduce((sum, gradient) => sum + sumOfSquares(gradient), 0))
}

/** Factor that brings gradients of norm `norm` down to `maxNorm`; 1 when they are small enough. */
export function clipScale(norm: number, maxNorm: number): number {
  return norm > maxNorm ? maxNorm / norm : 1
}

/** Adds `more` to `sum` in place; the arrays of the first micro-batch that has a parameter become its sum. */
export function accumulate(sum: Gradients | undefined, more: Gradients): Gradients {
  if (!sum) return more
  for (const [name, gradient] of Object.entries(more)) {
    const total = sum[name]
    if (!total) sum[name] = gradient
    else for (let i = 0; i < total.length; i++) total[i] = total[i]! + gradient[i]!
  }
  return sum
}

/** Four sums side by side: one alone would wait for its own last addition at every element. */
function sumOfSquares(values: Float32Array): number {
  let [a, b, c, d] = [0, 0, 0, 0]
  const whole = values.length & ~3
  for (let i = 0; i < whole; i += 4) {
    a += values[i]! ** 2
    b += values[i + 1]! ** 2
    c += values[i + 2]! ** 2
    d += values[i + 3]! ** 2
  }
  for (let i = whole; i < values.length; i++) a += values[i]! ** 2
  return a + b + c + d
}
