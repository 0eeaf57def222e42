import { type Int8Matrix, quantizeInt8 } from '../quantize-codec.ts'

/** What a row's largest weight is mapped to: exactly to the last level, or beyond it, where it is cut off. */
const stretches = [1, 1.04, 1.08, 1.13, 1.18, 1.25, 1.33]

/** Rows of weights as int8 in −levels … levels, each with the scale that rounds it with the least squared error. data [rows, …] */
export function roundRows(data: Float32Array, rows: number, levels: number): Int8Matrix {
  const columns = data.length / rows
  const best = quantizeInt8(data, rows, columns, 'row', levels)
  const scales = best.scales.slice()
  for (let row = 0; row < rows; row++) {
    const weights = data.subarray(row * columns, (row + 1) * columns)
    let least = Infinity
    for (const stretch of stretches) {
      const scale = Math.fround(best.scales[row]! / stretch)
      const lost = lossOf(weights, scale, levels)
      if (lost >= least) continue
      least = lost
      scales[row] = scale
    }
    for (const [i, weight] of weights.entries()) best.values[row * columns + i] = level(weight, scales[row]!, levels)
  }
  return { ...best, scales }
}

function lossOf(weights: Float32Array, scale: number, levels: number): number {
  let lost = 0
  for (const weight of weights) lost += (weight - level(weight, scale, levels) * scale) ** 2
  return lost
}

function level(weight: number, scale: number, levels: number): number {
  return Math.min(levels, Math.max(-levels, Math.round(weight / scale)))
}
