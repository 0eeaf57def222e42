import type { Concept } from './sampler.ts'

/** Mean of the rows [N, E] with these indices. → [E] */
export function meanRow(rows: Float32Array, width: number, indices: Iterable<number>): Float32Array {
  const sums = new Float64Array(width)
  let count = 0
  for (const row of indices) {
    count++
    for (let i = 0; i < width; i++) sums[i]! += rows[row * width + i]!
  }
  return Float32Array.from(sums, (sum) => sum / Math.max(count, 1))
}

/** z = n(t − μ) of rows [N, E]; a row that is the mean stays 0. */
export function centredUnit(rows: Float32Array, width: number, mean: Float32Array): Float32Array {
  const result = new Float32Array(rows.length)
  for (let start = 0; start < rows.length; start += width) {
    for (let i = 0; i < width; i++) result[start + i] = rows[start + i]! - mean[i]!
    toUnit(result.subarray(start, start + width))
  }
  return result
}

/** Unit means of each concept's texts, weighted as they are drawn. z [texts, E] → [concepts, E] */
export function conceptTexts(concepts: readonly Concept[], z: Float32Array, width: number): Float32Array {
  const result = new Float32Array(concepts.length * width)
  for (const [c, { texts, weights }] of concepts.entries()) {
    const row = result.subarray(c * width, (c + 1) * width)
    for (const [k, text] of texts.entries()) for (let i = 0; i < width; i++) row[i]! += weights[k]! * z[text * width + i]!
    toUnit(row)
  }
  return result
}

/** P: unit means of the names of each class, 0 for a class without one. z [texts, E] → [C, E] */
export function classVectors(classes: ReadonlyMap<number, readonly number[]>, count: number, z: Float32Array, width: number): Float32Array {
  const result = new Float32Array(count * width)
  for (const [index, names] of classes) if (names.length > 0) result.set(toUnit(meanRow(z, width, names)), index * width)
  return result
}

/** Mean over rows [N, C] of softmax(l/T), times P [C, E]: the mean of what the class term adds. → [E] */
export function meanClassTerm(logits: Float32Array, vectors: Float32Array, classes: number, temperature: number): Float32Array {
  const rows = logits.length / classes
  const shares = new Float64Array(classes)
  const row = new Float64Array(classes)
  for (let start = 0; start < logits.length; start += classes) {
    let most = Number.NEGATIVE_INFINITY
    for (let k = 0; k < classes; k++) most = Math.max(most, logits[start + k]!)
    let sum = 0
    for (let k = 0; k < classes; k++) sum += row[k] = Math.exp((logits[start + k]! - most) / temperature)
    for (let k = 0; k < classes; k++) shares[k]! += row[k]! / sum / rows
  }
  const width = vectors.length / classes
  const mean = new Float64Array(width)
  for (let k = 0; k < classes; k++) for (let i = 0; i < width; i++) mean[i]! += shares[k]! * vectors[k * width + i]!
  return Float32Array.from(mean)
}

/** Scales a row to length 1, in place. */
function toUnit(row: Float32Array): Float32Array {
  const length = Math.hypot(...row)
  if (length > 0) for (let i = 0; i < row.length; i++) row[i]! /= length
  return row
}

/** Arrays one after another. */
export function concatenated(parts: readonly Float32Array[]): Float32Array {
  const result = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    result.set(part, at)
    at += part.length
  }
  return result
}
