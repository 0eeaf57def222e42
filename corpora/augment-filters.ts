import { luma } from './augment-colour.ts'
import type { Canvas } from './augment-pixels.ts'

/** Luminance over middle grey into `spare`: edges against nothing then count as much as edges inside. */
export function luminance({ red, green, blue, alpha, spare }: Canvas): void {
  const [r, g, b] = luma
  for (let i = 0; i < alpha.length; i++) spare[i] = r * red[i]! + g * green[i]! + b * blue[i]! + 127 * (1 - alpha[i]!)
}

/** Sobel edges of `from` (whose full step is `full`) as 0..1 into `into`: 0 below `threshold`, 1 above three times that. */
export function edges(from: Float32Array, into: Float32Array, size: number, full: number, threshold: number): void {
  const scale = 1 / (4 * full)
  const gain = 1 / (2 * threshold)
  for (let y = 0, i = 0; y < size; y++) {
    const up = y > 0 ? -size : 0
    const down = y < size - 1 ? size : 0
    for (let x = 0; x < size; x++, i++) {
      const l = x > 0 ? -1 : 0
      const r = x < size - 1 ? 1 : 0
      const nw = from[i + up + l]!
      const ne = from[i + up + r]!
      const sw = from[i + down + l]!
      const se = from[i + down + r]!
      const gx = ne - nw + 2 * (from[i + r]! - from[i + l]!) + se - sw
      const gy = sw - nw + 2 * (from[i + down]! - from[i + up]!) + se - ne
      const strength = (Math.sqrt(gx * gx + gy * gy) * scale - threshold) * gain
      into[i] = strength < 0 ? 0 : strength > 1 ? 1 : strength
    }
  }
}

/** Gaussian blur of one plane in place, `sigma` in pixels; `passing` is overwritten. Edges repeat outwards. */
export function blurPlane(plane: Float32Array, passing: Float32Array, size: number, sigma: number): void {
  const radius = Math.min(size - 1, Math.ceil(2 * sigma))
  if (radius < 1) return
  const kernel = gaussian(sigma, radius)
  blurRows(plane, passing, size, kernel)
  // Rows are written as columns: the second pass over the turned plane blurs the other way and turns it back.
  blurRows(passing, plane, size, kernel)
}

/** One half of the kernel, centre first; the whole sums to 1. */
function gaussian(sigma: number, radius: number): Float64Array {
  const half = Float64Array.from({ length: radius + 1 }, (_, k) => Math.exp((-k * k) / (2 * sigma * sigma)))
  const total = 2 * half.reduce((sum, weight) => sum + weight, 0) - 1
  return half.map((weight) => weight / total)
}

function blurRows(from: Float32Array, turned: Float32Array, size: number, kernel: Float64Array): void {
  const radius = kernel.length - 1
  for (let y = 0; y < size; y++) {
    const row = y * size
    for (let x = 0; x < size; x++) {
      let sum = kernel[0]! * from[row + x]!
      for (let k = 1; k <= radius; k++) {
        const before = x - k < 0 ? 0 : x - k
        const behind = x + k >= size ? size - 1 : x + k
        sum += kernel[k]! * (from[row + before]! + from[row + behind]!)
      }
      turned[x * size + y] = sum
    }
  }
}
