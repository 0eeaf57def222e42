import type { Filter } from './framing.ts'

/** Red, green, blue and alpha bytes, not premultiplied: what a canvas's getImageData returns. */
export interface Pixels {
  data: Uint8ClampedArray | Uint8Array // [height, width, 4]
  width: number
  height: number
}

/** A part of an image in its pixels; its edges may lie between pixels and beyond the image. */
export interface Box {
  left: number
  top: number
  width: number
  height: number
}

/** A filter's reach in source pixels at its own size, and its weight at a distance from the centre. */
interface Kernel {
  reach: number
  weight(x: number): number
}

/** PIL's filters but `nearest`, which averages nothing. */
const kernels: Record<Exclude<Filter, 'nearest'>, Kernel> = {
  box: { reach: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { reach: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  hamming: { reach: 1, weight: (x) => (Math.abs(x) < 1 ? sinc(x) * (0.54 + 0.46 * Math.cos(Math.PI * x)) : 0) },
  bicubic: { reach: 2, weight: cubic },
  lanczos: { reach: 3, weight: (x) => (Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0) },
}

/**
 * Resizes as PIL does, enlarging too: with a filter (bicubic is Catmull-Rom, a = −1/2) that widens as the image shrinks, so that fine texture is
 * averaged and not sampled, and that ends at the border. A canvas does something else in every browser. Transparent pixels lend no colour.
 * @param frame the part that fills the result; default: all of the image
 * @returns [height, width, 4]
 */
export function resize(
  image: Pixels,
  width: number,
  height: number,
  frame: Box = { left: 0, top: 0, width: image.width, height: image.height },
  filter: Filter = 'bicubic',
): Pixels {
  const across = taps(image.width, frame.left, frame.width, width, filter)
  const down = taps(image.height, frame.top, frame.height, height, filter)
  const from = Math.min(...across.map(({ start }) => start))
  const to = Math.max(...across.map(({ start, weights }) => start + weights.length))
  const columns = shrinkColumns(image, down, from, to)
  const data = new Uint8ClampedArray(width * height * 4)
  for (let y = 0; y < height; y++) {
    const row = columns.subarray(y * (to - from) * 4, (y + 1) * (to - from) * 4)
    for (let x = 0; x < width; x++) writePixel(data, 4 * (y * width + x), row, across[x]!, from)
  }
  return { data, width, height }
}

interface Taps {
  /** First pixel that counts. */
  start: number
  weights: Float64Array
}

/** For each of `count` results the pixels of a line of `size` that make it, and how much each counts. */
function taps(size: number, from: number, span: number, count: number, filter: Filter): Taps[] {
  const scale = span / count
  const inside = (x: number) => Math.min(Math.max(x, 0), size - 1)
  return Array.from({ length: count }, (_, i) => {
    const centre = from + (i + 0.5) * scale
    if (filter === 'nearest') return { start: inside(Math.floor(centre)), weights: Float64Array.of(1) }
    const { reach, weight } = kernels[filter]
    const stretch = Math.max(scale, 1)
    const start = inside(Math.floor(centre - reach * stretch + 0.5))
    const end = Math.max(start + 1, Math.min(size, Math.floor(centre + reach * stretch + 0.5)))
    const weights = Float64Array.from({ length: end - start }, (_, x) => weight((start + x + 0.5 - centre) / stretch))
    const sum = weights.reduce((total, value) => total + value, 0)
    return { start, weights: weights.map((value) => value / sum) }
  })
}

function cubic(x: number): number {
  const t = Math.abs(x)
  if (t < 1) return (1.5 * t - 2.5) * t * t + 1
  return t < 2 ? ((-0.5 * t + 2.5) * t - 4) * t + 2 : 0
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x)
}

/** Columns `from` to `to` shrunk vertically: [results, columns, 4], premultiplied. Reads each row once: photographs are large. */
function shrinkColumns({ data, width }: Pixels, down: Taps[], from: number, to: number): Float32Array {
  const length = (to - from) * 4
  const result = new Float32Array(down.length * length)
  const row = new Float32Array(length)
  const top = Math.min(...down.map(({ start }) => start))
  const bottom = Math.max(...down.map(({ start, weights }) => start + weights.length))
  for (let y = top, next = 0; y < bottom; y++) {
    premultiply(data, (y * width + from) * 4, row)
    while (next < down.length && down[next]!.start + down[next]!.weights.length <= y) next++
    for (let i = next; i < down.length && down[i]!.start <= y; i++) {
      const weight = down[i]!.weights[y - down[i]!.start]!
      for (let k = 0, to = i * length; k < length; k++, to++) result[to]! += weight * row[k]!
    }
  }
  return result
}

function premultiply(data: Pixels['data'], offset: number, row: Float32Array): void {
  for (let k = 0; k < row.length; k += 4) {
    const alpha = data[offset + k + 3]!
    const share = alpha / 255
    row[k] = data[offset + k]! * share
    row[k + 1] = data[offset + k + 1]! * share
    row[k + 2] = data[offset + k + 2]! * share
    row[k + 3] = alpha
  }
}

/** The assignment to clamped bytes rounds and clips: the filter overshoots at edges. */
function writePixel(data: Uint8ClampedArray, at: number, row: Float32Array, { start, weights }: Taps, from: number): void {
  let [red, green, blue, alpha] = [0, 0, 0, 0]
  for (let j = 0, k = (start - from) * 4; j < weights.length; j++, k += 4) {
    const weight = weights[j]!
    red += weight * row[k]!
    green += weight * row[k + 1]!
    blue += weight * row[k + 2]!
    alpha += weight * row[k + 3]!
  }
  const whole = alpha > 0 ? 255 / alpha : 0
  data[at] = red * whole
  data[at + 1] = green * whole
  data[at + 2] = blue * whole
  data[at + 3] = alpha
}
