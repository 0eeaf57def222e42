import { luma } from './augment-colour.ts'
import { type Canvas, referenceSide } from './augment-pixels.ts'

/** Luminance over middle grey into `spare`: edges against nothing then count as much as edges inside. */
export function luminance({ red, green, blue, alpha, spare }: Canvas): void {
  const [r, g, b] = luma
  for (let i = 0; i < alpha.length; i++) spare[i] = r * red[i]! + g * green[i]! + b * blue[i]! + 127 * (1 - alpha[i]!)
}

/** What a pixel of `referenceSide` is at another size, in pixels: lines keep their part of the picture above it, and stay a pixel wide below. */
function lineStep(size: number): number {
  return Math.max(1, size / referenceSide)
}

/** Standard deviation, in pixels, of the blur that a reduction to `referenceSide` would bring: that of a square of `lineStep` pixels, less that of one. */
function reductionBlur(size: number): number {
  return Math.sqrt((lineStep(size) ** 2 - 1) / 12)
}

/**
 * Sobel edges of `from` (whose full step is `full`) as 0..1 into `into`: 0 below `threshold`, 1 above three times that.
 * Neighbours lie `lineStep` pixels away, so that an edge is as wide a part of the picture at every size. `smooth` is overwritten.
 */
export function edges(from: Float32Array, into: Float32Array, smooth: Float32Array, size: number, full: number, threshold: number): void {
  const strength = edgeStrength(full, threshold)
  if (lineStep(size) === 1) return nearEdges(from, into, size, strength)
  smooth.set(from)
  blurPlane(smooth, into, size, reductionBlur(size))
  farEdges(smooth, into, size, strength)
}

type Strength = (gx: number, gy: number) => number

function edgeStrength(full: number, threshold: number): Strength {
  const scale = 1 / (4 * full)
  const gain = 1 / (2 * threshold)
  return (gx, gy) => {
    const strength = (Math.sqrt(gx * gx + gy * gy) * scale - threshold) * gain
    return strength < 0 ? 0 : strength > 1 ? 1 : strength
  }
}

function nearEdges(from: Float32Array, into: Float32Array, size: number, strength: Strength): void {
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
      into[i] = strength(gx, gy)
    }
  }
}

/** Neighbours `lineStep` pixels away, between two pixels where that is no whole number. */
function farEdges(from: Float32Array, into: Float32Array, size: number, strength: Strength): void {
  const step = lineStep(size)
  const whole = Math.floor(step)
  const part = step - whole
  const last = size - 1
  for (let y = 0, i = 0; y < size; y++) {
    const [row, up, upper] = [y * size, Math.max(y - whole, 0) * size, Math.max(y - whole - 1, 0) * size]
    const [down, lower] = [Math.min(y + whole, last) * size, Math.min(y + whole + 1, last) * size]
    for (let x = 0; x < size; x++, i++) {
      const [l, lefter] = [Math.max(x - whole, 0), Math.max(x - whole - 1, 0)]
      const [r, righter] = [Math.min(x + whole, last), Math.min(x + whole + 1, last)]
      const nw = between(between(from[up + l]!, from[up + lefter]!, part), between(from[upper + l]!, from[upper + lefter]!, part), part)
      const ne = between(between(from[up + r]!, from[up + righter]!, part), between(from[upper + r]!, from[upper + righter]!, part), part)
      const sw = between(between(from[down + l]!, from[down + lefter]!, part), between(from[lower + l]!, from[lower + lefter]!, part), part)
      const se = between(between(from[down + r]!, from[down + righter]!, part), between(from[lower + r]!, from[lower + righter]!, part), part)
      const west = between(from[row + l]!, from[row + lefter]!, part)
      const east = between(from[row + r]!, from[row + righter]!, part)
      const north = between(from[up + x]!, from[upper + x]!, part)
      const south = between(from[down + x]!, from[lower + x]!, part)
      const gx = ne - nw + 2 * (east - west) + se - sw
      const gy = sw - nw + 2 * (south - north) + se - ne
      into[i] = strength(gx, gy)
    }
  }
}

function between(near: number, far: number, part: number): number {
  return near + part * (far - near)
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
