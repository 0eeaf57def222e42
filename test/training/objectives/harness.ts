/** Puts a batch of plain arrays through an objective as a training step would. */
import { withGradients } from '../../../engine/gradients.ts'
import type { InputSpecs } from '../../../engine/trace/trace.ts'
import { normalize } from '../../../models/layers.ts'
import { defaultObjectiveSettings } from '../../../training/objectives/settings.ts'
import { objectives } from '../../../training/objectives/table.ts'
import { eager, gaussian } from '../../engine/oracle.ts'
import { type Batch, type Matrix, unit } from './plain.ts'

/** Where gradients go: what is raw. */
export const trained = ['u', 'm', 'w', 'scale', 'anchors', 'temperature', 'bias', 'fuseImage', 'fuseText'] as const
export type Variable = (typeof trained)[number]

/** The objectives' own parameters and the batch's names for them; projections of inner layers have their own tests. */
export const own: Record<string, Record<string, Variable>> = {
  anchor: { 'objective.anchor.weight': 'anchors' },
  siglip: { 'objective.siglip.scale': 'temperature', 'objective.siglip.bias': 'bias' },
  icl: { 'objective.icl.scale': 'temperature' },
  afd: { 'objective.afd.image.weight': 'fuseImage', 'objective.afd.text.weight': 'fuseText', 'objective.afd.scale': 'temperature' },
}

/** The objective as a step has it: embeddings are normalised. */
export function step(name: string, batch: Batch) {
  return withGradients(
    (params, inputs) => {
      const image = normalize(params.u!)
      const text = normalize(params.w!)
      const loss = objectives[name]!.loss({
        image,
        text,
        projectedImage: image,
        projectedText: text,
        maskedImage: normalize(params.m!),
        scale: params.scale!,
        generalImage: image,
        teacherScale: batch.teacherScale,
        inputs: {
          positives: inputs.positives!,
          classes: inputs.classes!,
          teacher_image: inputs.a!,
          teacher_text: inputs.b!,
          class_centroids: inputs.centroids!,
          class_target: inputs.target!,
          class_confidence: inputs.confidence!,
        },
        params: Object.fromEntries(Object.entries(own[name] ?? {}).map(([param, variable]) => [param, params[variable]!])),
        objectiveSettings: { ...defaultObjectiveSettings, ...batch.settings },
      })
      return { loss }
    },
    [...trained],
  )
}

export function inputsOf(batch: Batch) {
  const { scale, temperature, bias, classes, target, confidence, settings, teacherScale, ...matrices } = batch
  const specs: InputSpecs = {
    classes: { dtype: 'int32', shape: [classes.length] },
    target: { dtype: 'int32', shape: [target.length] },
    confidence: { dtype: 'float32', shape: [confidence.length] },
  }
  for (const name of ['scale', 'temperature', 'bias']) specs[name] = { dtype: 'float32', shape: [] }
  for (const [name, rows] of Object.entries(matrices)) specs[name] = { dtype: 'float32', shape: [rows.length, rows[0]!.length] }
  const data = Object.fromEntries(Object.entries(matrices).map(([name, rows]) => [name, Float32Array.from(rows.flat())]))
  const scalars = { scale: Float32Array.of(scale), temperature: Float32Array.of(temperature), bias: Float32Array.of(bias) }
  const labels = { classes: Int32Array.from(classes), target: Int32Array.from(target), confidence: Float32Array.from(confidence) }
  return { specs, feeds: { ...data, ...scalars, ...labels } }
}

export async function lossOf(name: string, batch: Batch): Promise<number> {
  const { specs, feeds } = inputsOf(batch)
  return (await eager(step(name, batch), specs, feeds)).loss![0]!
}

const matrix = (rows: number, columns: number, seed: number): Matrix => Array.from({ length: rows }, (_, i) => Array.from(gaussian(columns, seed, i)))
export const identity: Matrix = [
  [1, 0],
  [0, 1],
]

export const byHand: Batch = {
  u: identity,
  m: [
    [0, 3],
    [1, 0],
  ],
  w: [
    [1, 0],
    [0.6, 0.8],
  ],
  scale: 2,
  positives: identity,
  a: [
    [0, 1],
    [0, 1],
  ],
  b: [
    [1, 0],
    [1, 0],
  ],
  teacherScale: 1,
  classes: [0, 1],
  anchors: identity,
  temperature: Math.log(2),
  bias: -1,
  fuseImage: [
    [1, 0, 1, 0],
    [0, 1, 0, 1],
  ], // û + a
  fuseText: [
    [1, 0, 0, 0],
    [0, 1, 0, 0],
  ], // ŵ
  centroids: [
    [1, 0],
    [0, 1],
    [0.6, 0.8],
  ],
  target: [0, 2],
  confidence: [1, 0.5],
}

export const randomBatch: Batch = {
  u: matrix(4, 5, 1),
  m: matrix(4, 5, 6),
  w: matrix(4, 5, 2),
  scale: 3,
  positives: [
    [1, 0, 1, 0],
    [0, 1, 0, 0],
    [1, 0, 1, 0],
    [0, 0, 0, 1],
  ],
  a: unit(matrix(4, 5, 3)),
  b: unit(matrix(4, 5, 4)),
  teacherScale: 4,
  classes: [0, 2, 0, 1],
  anchors: matrix(3, 5, 5),
  temperature: 1.2,
  bias: -0.7,
  fuseImage: matrix(5, 10, 7),
  fuseText: matrix(5, 10, 8),
  centroids: unit(matrix(6, 5, 9)),
  target: [0, 5, 2, 2],
  confidence: [0.9, 0.2, 0, 0.5],
}
