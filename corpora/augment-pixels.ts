/**
 * Pixel loops on a canvas of float planes. Colours are 0..255 and premultiplied by alpha, which is 0..1: moving,
 * blurring and drawing over are then plain arithmetic. Nothing here allocates; `Canvas` is made once per worker and size.
 */
import { clipMean, clipStd, type Rgb } from './pixel-values.ts'

export interface Affine {
  /** Size of a drawing in its frame; for an opaque image the side of the crop (at most 1). */
  scale: number
  /** Width over height, relative to the original. */
  aspect: number
  /** Radians. */
  angle: number
  /** -1..1 of the room there is. */
  shiftX: number
  shiftY: number
}

export interface Canvas {
  size: number
  /** `[size + 2, size + 2, 4]`, premultiplied, with a border, so that sampling needs no special case at the edge. */
  source: Float32Array
  red: Float32Array
  green: Float32Array
  blue: Float32Array
  alpha: Float32Array
  /** Planes for intermediates: luminance, blurred alpha, lines. */
  spare: Float32Array
  other: Float32Array
  smooth: Float32Array
}

/** The side, in pixels, at which lines of edges and grains of noise are one pixel wide. */
export const referenceSide = 64

/** Room beyond the frame, as a fraction of its side, into which a drawing may be shifted. */
const overhang = 0.03

export function makeCanvas(size: number): Canvas {
  const plane = () => new Float32Array(size * size)
  const source = new Float32Array((size + 2) * (size + 2) * 4)
  return { size, source, red: plane(), green: plane(), blue: plane(), alpha: plane(), spare: plane(), other: plane(), smooth: plane() }
}

/** Loads RGBA bytes into the bordered source; returns whether the image is opaque. An opaque one repeats its edge outwards. */
export function load(canvas: Canvas, rgba: Uint8Array): boolean {
  const { size, source } = canvas
  let opaque = true
  for (let i = 3; i < 4 * size * size && opaque; i += 4) opaque = rgba[i] === 255
  const side = size + 2
  for (let y = 0; y < side; y++) {
    const row = Math.min(Math.max(y - 1, 0), size - 1)
    const edgeRow = row !== y - 1
    for (let x = 0; x < side; x++) {
      const column = Math.min(Math.max(x - 1, 0), size - 1)
      const to = 4 * (y * side + x)
      const from = 4 * (row * size + column)
      const alpha = (edgeRow || column !== x - 1) && !opaque ? 0 : rgba[from + 3]! / 255
      source[to] = rgba[from]! * alpha
      source[to + 1] = rgba[from + 1]! * alpha
      source[to + 2] = rgba[from + 2]! * alpha
      source[to + 3] = alpha
    }
  }
  return opaque
}

/** Samples the source bilinearly into the planes. */
export function warp(canvas: Canvas, affine: Affine, opaque: boolean): void {
  const { size, source, red, green, blue, alpha } = canvas
  const { xx, xy, yx, yy, x0, y0 } = inverse(affine, opaque, size)
  const side = size + 2
  const last = size + 0.999
  for (let y = 0, i = 0; y < size; y++) {
    let u = x0 + xy * y
    let v = y0 + yy * y
    for (let x = 0; x < size; x++, i++, u += xx, v += yx) {
      let su = u
      let sv = v
      if (opaque) {
        su = su < 0 ? 0 : su > last ? last : su
        sv = sv < 0 ? 0 : sv > last ? last : sv
      } else if (!(su >= 0 && sv >= 0 && su <= last && sv <= last)) {
        red[i] = green[i] = blue[i] = alpha[i] = 0
        continue
      }
      const left = su | 0
      const top = sv | 0
      const fx = su - left
      const fy = sv - top
      const a = 4 * (top * side + left)
      const c = a + 4 * side
      const wa = (1 - fx) * (1 - fy)
      const wb = fx * (1 - fy)
      const wc = (1 - fx) * fy
      const wd = fx * fy
      red[i] = source[a]! * wa + source[a + 4]! * wb + source[c]! * wc + source[c + 4]! * wd
      green[i] = source[a + 1]! * wa + source[a + 5]! * wb + source[c + 1]! * wc + source[c + 5]! * wd
      blue[i] = source[a + 2]! * wa + source[a + 6]! * wb + source[c + 2]! * wc + source[c + 6]! * wd
      alpha[i] = source[a + 3]! * wa + source[a + 7]! * wb + source[c + 3]! * wc + source[c + 7]! * wd
    }
  }
}

/**
 * Maps output pixel (x, y) to bordered source coordinates `(xx·x + xy·y + x0, yx·x + yy·y + y0)`.
 * A drawing shrinks into its frame; of an opaque image a crop is taken that never leaves it.
 */
function inverse({ scale, aspect, angle, shiftX, shiftY }: Affine, opaque: boolean, size: number) {
  const cos = Math.cos(angle)
  const sin = Math.sin(angle)
  const stretch = Math.sqrt(aspect)
  let wide = opaque ? Math.min(scale, 1) * stretch : 1 / (scale * stretch)
  let high = opaque ? Math.min(scale, 1) / stretch : stretch / scale
  let moveX: number
  let moveY: number
  if (opaque) {
    // The rotated crop's bounding box has to fit into the image.
    const most = Math.max(1, wide * Math.abs(cos) + high * Math.abs(sin), wide * Math.abs(sin) + high * Math.abs(cos))
    wide /= most
    high /= most
    moveX = (shiftX * (1 - wide * Math.abs(cos) - high * Math.abs(sin)) * size) / 2
    moveY = (shiftY * (1 - wide * Math.abs(sin) - high * Math.abs(cos)) * size) / 2
  } else {
    const room = (Math.abs(1 - scale) / 2 + overhang) * size
    moveX = -shiftX * room
    moveY = -shiftY * room
  }
  const centre = (size - 1) / 2
  const matrix = opaque
    ? { xx: wide * cos, xy: -high * sin, yx: wide * sin, yy: high * cos }
    : { xx: wide * cos, xy: wide * sin, yx: -high * sin, yy: high * cos }
  const dx = opaque ? -centre : moveX - centre
  const dy = opaque ? -centre : moveY - centre
  return {
    ...matrix,
    x0: matrix.xx * dx + matrix.xy * dy + centre + 1 + (opaque ? moveX : 0),
    y0: matrix.yx * dx + matrix.yy * dy + centre + 1 + (opaque ? moveY : 0),
  }
}

/** Copies the source into the planes unmoved. */
export function keep(canvas: Canvas): void {
  const { size, source, red, green, blue, alpha } = canvas
  for (let y = 0, i = 0; y < size; y++) {
    let from = 4 * ((y + 1) * (size + 2) + 1)
    for (let x = 0; x < size; x++, i++, from += 4) {
      red[i] = source[from]!
      green[i] = source[from + 1]!
      blue[i] = source[from + 2]!
      alpha[i] = source[from + 3]!
    }
  }
}

/** Applies a `[3, 4]` colour matrix; results are cut to 0..255. */
export function recolour({ red, green, blue, alpha }: Canvas, m: Float64Array): void {
  const [rr, rg, rb, r0] = [m[0]!, m[1]!, m[2]!, m[3]!]
  const [gr, gg, gb, g0] = [m[4]!, m[5]!, m[6]!, m[7]!]
  const [br, bg, bb, b0] = [m[8]!, m[9]!, m[10]!, m[11]!]
  for (let i = 0; i < alpha.length; i++) {
    const most = 255 * alpha[i]!
    if (most === 0) continue
    const r = red[i]!
    const g = green[i]!
    const b = blue[i]!
    const r2 = rr * r + rg * g + rb * b + r0 * most
    const g2 = gr * r + gg * g + gb * b + g0 * most
    const b2 = br * r + bg * g + bb * b + b0 * most
    red[i] = r2 < 0 ? 0 : r2 > most ? most : r2
    green[i] = g2 < 0 ? 0 : g2 > most ? most : g2
    blue[i] = b2 < 0 ? 0 : b2 > most ? most : b2
  }
}

/** Rounds every channel to `levels` values, of the colour itself and not of its premultiplied form. */
export function posterise({ red, green, blue, alpha }: Canvas, levels: number): void {
  for (const plane of [red, green, blue]) {
    for (let i = 0; i < plane.length; i++) {
      const step = (255 * alpha[i]!) / (levels - 1)
      if (step > 0) plane[i] = Math.min(levels - 1, Math.round(plane[i]! / step)) * step
    }
  }
}

/** Draws `ink` over the planes where `cover` (0..1) is, so that the covered place becomes part of the drawing. */
export function drawOver({ red, green, blue, alpha }: Canvas, cover: Float32Array, ink: Rgb): void {
  const [r, g, b] = ink
  for (let i = 0; i < cover.length; i++) {
    const over = cover[i]!
    const under = 1 - over
    red[i] = red[i]! * under + r * over
    green[i] = green[i]! * under + g * over
    blue[i] = blue[i]! * under + b * over
    alpha[i] = alpha[i]! * under + over
  }
}

/** Lays the planes on a gradient from one colour (at the corner `angle` comes from) to another. */
export function composite({ size, red, green, blue, alpha }: Canvas, from: Rgb, to: Rgb, angle: number): void {
  const alongX = Math.cos(angle) / size
  const alongY = Math.sin(angle) / size
  const start = 0.5 - (alongX + alongY) * ((size - 1) / 2)
  const [r, g, b] = from
  const [dr, dg, db] = [to[0] - r, to[1] - g, to[2] - b]
  for (let y = 0, i = 0; y < size; y++) {
    let t = start + alongY * y
    for (let x = 0; x < size; x++, i++, t += alongX) {
      const open = 1 - alpha[i]!
      if (open <= 0) continue
      const mix = t < 0 ? 0 : t > 1 ? 1 : t
      red[i] = red[i]! + open * (r + mix * dr)
      green[i] = green[i]! + open * (g + mix * dg)
      blue[i] = blue[i]! + open * (b + mix * db)
    }
  }
}

/**
 * Adds noise of at most ±`amount` grey levels (the sum of two uniform draws) from a xorshift seeded with `seed`: a grid of `referenceSide`² grains,
 * which have the same place in the picture at every size.
 */
export function addNoise({ size, red, green, blue }: Canvas, amount: number, seed: number): void {
  const scale = amount / 255
  const grains = noiseGrains(seed)
  for (let y = 0, i = 0; y < size; y++) {
    const row = grainOf(y, size) * referenceSide
    for (let x = 0; x < size; x++, i++) {
      const grain = 3 * (row + grainOf(x, size))
      red[i] = clip(red[i]! + grains[grain]! * scale)
      green[i] = clip(green[i]! + grains[grain + 1]! * scale)
      blue[i] = clip(blue[i]! + grains[grain + 2]! * scale)
    }
  }
}

/** The grain under a pixel's centre. */
function grainOf(pixel: number, size: number): number {
  return Math.floor(((pixel + 0.5) * referenceSide) / size)
}

/** -255..255 for red, green and blue of every grain. */
function noiseGrains(seed: number): Int16Array {
  const grains = new Int16Array(3 * referenceSide * referenceSide)
  let state = seed | 0 || 1
  for (let i = 0; i < grains.length; i += 3) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    const [a, b, c, d] = [state & 255, (state >>> 8) & 255, (state >>> 16) & 255, state >>> 24]
    grains[i] = a + b - 255
    grains[i + 1] = b + c - 255
    grains[i + 2] = c + d - 255
  }
  return grains
}

function clip(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : value
}

/** Writes the colour planes as CLIP's normalised `[3, size, size]` at `out[offset …]`. */
export function writePlanes({ red, green, blue }: Canvas, out: Float32Array, offset: number): void {
  let at = offset
  let channel = 0
  for (const plane of [red, green, blue]) {
    const factor = 1 / (255 * clipStd[channel]!)
    const shift = clipMean[channel]! / clipStd[channel]!
    for (let i = 0; i < plane.length; i++) out[at++] = plane[i]! * factor - shift
    channel++
  }
}
