import type { Rgb } from './pixel-values.ts'

/** A change of colours that is linear in red, green and blue; its parts happen in the order given here. */
export interface ColourChange {
  /** Added, as a fraction of full scale. */
  brightness: number
  contrast: number
  /** 0 is grey. */
  saturation: number
  /** Turns, 0..1, at constant luma. */
  hue: number
  /** Which source channel each channel takes. */
  channels?: readonly [number, number, number]
  invert?: boolean
  /** Luminance is mapped from the first colour (black) to the second (white). */
  ramp?: readonly [Rgb, Rgb]
}

/** Rec. 601 luma of red, green and blue. */
export const luma: readonly [number, number, number] = [0.299, 0.587, 0.114]

/** Folds the whole change into one row-major `[3, 4]` matrix on `[r, g, b, 255]`: a pixel then costs nine products. */
export function colourMatrix(change: ColourChange): Float64Array {
  const { brightness, contrast, saturation, hue, channels, invert, ramp } = change
  let matrix: Float64Array = Float64Array.of(contrast, 0, 0, 0, 0, contrast, 0, 0, 0, 0, contrast, 0)
  const offset = 0.5 - 0.5 * contrast + brightness
  for (let row = 0; row < 3; row++) matrix[4 * row + 3] = offset
  if (saturation !== 1) matrix = after(saturationMatrix(saturation), matrix)
  if (hue !== 0) matrix = after(hueMatrix(hue), matrix)
  if (channels) matrix = after(channelMatrix(channels), matrix)
  if (invert) matrix = after(Float64Array.of(-1, 0, 0, 1, 0, -1, 0, 1, 0, 0, -1, 1), matrix)
  return ramp ? after(rampMatrix(ramp), matrix) : matrix
}

/** The matrix that applies `first` and then `second`. */
function after(second: Float64Array, first: Float64Array): Float64Array {
  const product = new Float64Array(12)
  for (let row = 0; row < 3; row++) {
    for (let column = 0; column < 4; column++) {
      let sum = column === 3 ? second[4 * row + 3]! : 0
      for (let k = 0; k < 3; k++) sum += second[4 * row + k]! * first[4 * k + column]!
      product[4 * row + column] = sum
    }
  }
  return product
}

function saturationMatrix(saturation: number): Float64Array {
  const matrix = new Float64Array(12)
  for (let row = 0; row < 3; row++) {
    for (let k = 0; k < 3; k++) matrix[4 * row + k] = (1 - saturation) * luma[k]! + (row === k ? saturation : 0)
  }
  return matrix
}

/** Rotates the two chroma axes of YIQ. */
function hueMatrix(turns: number): Float64Array {
  const cos = Math.cos(2 * Math.PI * turns)
  const sin = Math.sin(2 * Math.PI * turns)
  const toYiq = Float64Array.of(...luma, 0, 0.596, -0.274, -0.322, 0, 0.211, -0.523, 0.312, 0)
  const rotate = Float64Array.of(1, 0, 0, 0, 0, cos, -sin, 0, 0, sin, cos, 0)
  const toRgb = Float64Array.of(1, 0.956, 0.621, 0, 1, -0.272, -0.647, 0, 1, -1.107, 1.705, 0)
  return after(toRgb, after(rotate, toYiq))
}

function channelMatrix(channels: readonly [number, number, number]): Float64Array {
  const matrix = new Float64Array(12)
  for (let row = 0; row < 3; row++) matrix[4 * row + channels[row]!] = 1
  return matrix
}

function rampMatrix([dark, bright]: readonly [Rgb, Rgb]): Float64Array {
  const matrix = new Float64Array(12)
  for (let row = 0; row < 3; row++) {
    for (let k = 0; k < 3; k++) matrix[4 * row + k] = (luma[k]! * (bright[row]! - dark[row]!)) / 255
    matrix[4 * row + 3] = dark[row]! / 255
  }
  return matrix
}
