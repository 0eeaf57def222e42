import type { RuntimeOptions } from '../../engine/runtime.ts'
import type { Classifier } from './classifier.ts'
import { classSteps, moments } from './pseudo-features.ts'
import type { Concept } from './sampler.ts'
import type { FeatureRows } from './tower-features.ts'
import { concatenated, meanRow } from './vectors.ts'

/** Joins the outputs of a tower to one row of features. [N, w₁], [N, w₂] … → [N, F] */
export function joined(parts: readonly FeatureRows[]): { data: Float32Array; width: number } {
  const width = parts.reduce((sum, part) => sum + part.width, 0)
  const count = parts[0]!.data.length / parts[0]!.width
  const data = new Float32Array(count * width)
  let at = 0
  for (const part of parts) {
    for (let row = 0; row < count; row++) data.set(part.data.subarray(row * part.width, (row + 1) * part.width), row * width + at)
    at += part.width
  }
  return { data, width }
}

/** Mean [F] and 1/(deviation + ε) [F] of the rows with these indices: what features are standardised by. */
export function standard(data: Float32Array, width: number, rows: readonly number[]): { mean: Float32Array; scale: Float32Array } {
  const mean = meanRow(data, width, rows)
  const squares = new Float64Array(width)
  for (const row of rows) for (let i = 0; i < width; i++) squares[i]! += (data[row * width + i]! - mean[i]!) ** 2 / rows.length
  return { mean, scale: Float32Array.from(squares, (square) => 1 / (Math.sqrt(square) + 1e-3)) }
}

export interface PseudoPhotographs {
  /** Row a·C + k stands for a picture of class k from anchor a. [A·C, F] */
  data: Float32Array
  anchors: number // A
  /** Numbers of a row that are not negative, for the tower ends in a rectifier there: from and to. */
  rectified?: [from: number, to: number]
}

/**
 * Pseudo-photographs of every class, from two anchors: the mean of the pictures at hand and, where the classifier tells it, that of photographs. Outputs beside the one that
 * the classifier reads are the anchor's.
 * @param parts features of pictures, the classifier's output first
 * @param rows those that stand for the domain
 */
export async function pseudoPhotographs(
  {
    classifier,
    parts,
    rows,
    ridge,
    rise,
  }: { classifier: Classifier; parts: readonly FeatureRows[]; rows: readonly number[]; ridge: number; rise: number },
  runtime: RuntimeOptions = {},
): Promise<PseudoPhotographs> {
  const [own, ...others] = parts as [FeatureRows, ...FeatureRows[]]
  const seen = picked(own, rows)
  const { mean, covariance } = await moments(seen, own.width, runtime)
  const steps = await classSteps(classifier, { covariance, ridge, rise }, runtime)
  const means = others.map(({ name, width, data }) => ({ name, mean: meanRow(data, width, rows) }))
  const photo = classifier.photoMean[own.name]
  const anchors = [
    [mean, ...means.map(({ mean }) => mean)],
    ...(photo ? [[photo, ...means.map(({ name, mean }) => classifier.photoMean[name] ?? mean)]] : []),
  ]
  const isRectified = seen.every((value) => value >= 0)
  const width = parts.reduce((sum, part) => sum + part.width, 0)
  const data = new Float32Array(anchors.length * classifier.classes * width)
  for (const [a, [anchor, ...rest]] of anchors.entries()) {
    for (let k = 0; k < classifier.classes; k++) {
      const row = data.subarray((a * classifier.classes + k) * width, (a * classifier.classes + k + 1) * width)
      for (let i = 0; i < own.width; i++) {
        const value = anchor![i]! + steps[k * own.width + i]!
        row[i] = isRectified ? Math.max(0, value) : value
      }
      row.set(concatenated(rest), own.width)
    }
  }
  return { data, anchors: anchors.length, ...(isRectified && { rectified: [0, own.width] as [number, number] }) }
}

/** What a picture differs by from the mean of its concept's pictures: noise that looks like real noise. Only of concepts with several pictures. */
export function residuals(
  concepts: readonly Concept[],
  data: Float32Array,
  width: number,
): { count: number; addTo(row: Float32Array, which: number, factor: number): void } {
  const several = concepts.filter(({ group, pictures }) => group === 'corpus' && pictures.length > 1)
  const members = several.flatMap(({ pictures }, i) => pictures.map((picture) => ({ picture, i })))
  const means = several.map(({ pictures }) => meanRow(data, width, pictures))
  return {
    count: members.length,
    addTo(row, which, factor) {
      const { picture, i } = members[which]!
      const mean = means[i]!
      for (let j = 0; j < width; j++) row[j]! += factor * (data[picture * width + j]! - mean[j]!)
    },
  }
}

function picked({ data, width }: FeatureRows, rows: readonly number[]): Float32Array {
  const result = new Float32Array(rows.length * width)
  rows.forEach((row, i) => result.set(data.subarray(row * width, (row + 1) * width), i * width))
  return result
}
