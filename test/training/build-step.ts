/** Training steps of a tiny model, with plausible numbers for their inputs. */
import { permutation, random } from '../../base/random.ts'
import type { Params } from '../../engine/params.ts'
import { allGates } from '../../models/gates.ts'
import { patchCount } from '../../models/vision.ts'
import { createAdapters } from '../../training/adapters.ts'
import { objectiveParams, parseObjectives } from '../../training/objectives/table.ts'
import { createCompactors } from '../../training/shrink/compactors.ts'
import { trainingStep } from '../../training/step.ts'
import type { StepShape } from '../../training/step-shape.ts'
import { type Feeds, gaussian } from '../engine/oracle.ts'
import { tinyConfig, tinyModel, tinyTexts, unitRows } from '../models/tiny.ts'

export const [B, T] = [3, 6]
export const teacher = { embedDim: 6, logitScale: 20 }
const plainShape: StepShape = { batchSize: B, textLength: T, languages: ['en', 'zh'], keepPatches: 1, teacher }

/** @param shrinks with compactors that some steps have bent; default: where gates are compared */
export function build(objective: string, more: Partial<StepShape>, shrinks = objective.includes('gates')) {
  const shape = { ...plainShape, ...more }
  const weights = parseObjectives(objective)
  const widths = {
    image: { student: tinyConfig.vision_config.hidden_size, teacher: 5 },
    text: { student: tinyConfig.text_config.hidden_size, teacher: 7 },
  }
  const own = objectiveParams(weights, { embedDim: 6, teacherDim: 6, classes: 3, inner: widths }, 1)
  const compactors = shrinks ? bent(createCompactors(allGates(tinyConfig))) : {}
  const params: Params = { ...tinyModel().params, ...createAdapters(6, [teacher, ...(shape.specialists ?? [])], weights, 1), ...own, ...compactors }
  const { fn, specs } = trainingStep(tinyConfig, params, Object.keys(params), weights, shape)
  const feeds: Feeds = { ...tinyTexts(shape.languages.length * shape.batchSize, T) }
  for (const [i, [name, spec]] of Object.entries(specs).entries()) feeds[name] ??= params[name]?.data ?? feedOf(name, spec.shape, i)
  return { fn, specs, feeds, params, weights, shape }
}

/** No longer the identity, as after some steps. */
function bent(compactors: Params): Params {
  return Object.fromEntries(
    Object.entries(compactors).map(([name, { shape, data }], i) => {
      const noise = gaussian(data.length, 17, i)
      return [name, { shape, data: data.map((value, j) => value + 0.1 * noise[j]!) }]
    }),
  )
}

/** Plausible numbers for an input of the step. */
function feedOf(name: string, shape: number[], seed: number): Feeds[string] {
  const length = shape.reduce((product, dim) => product * dim, 1)
  const next = random(seed)
  if (name === 'keep' || name === 'mask_keep') return keepOf(shape, next)
  if (name.startsWith('positives')) return Float32Array.from({ length }, (_, i) => (i % (shape[0]! + 1) === 0 ? 1 : 0))
  if (name === 'classes') return Int32Array.from({ length }, () => Math.floor(3 * next()))
  if (name === 'class_target') return Int32Array.from({ length }, () => Math.floor(4 * next()))
  if (name === 'class_confidence') return Float32Array.from({ length }, next)
  if (name.endsWith('_attention')) return softRows(gaussian(length, seed), shape.at(-1)!)
  if (name.startsWith('teacher_') || name === 'class_centroids') return unitRows(gaussian(length, seed), shape.at(-1)!)
  return gaussian(length, seed)
}

function keepOf(shape: number[], next: () => number): Int32Array {
  return Int32Array.from(Array.from({ length: shape[0]! }, () => [...permutation(patchCount(tinyConfig), next).subarray(0, shape[1])]).flat())
}

function softRows(data: Float32Array, width: number): Float32Array {
  const positive = data.map(Math.exp)
  return positive.map((value, i) => value / positive.subarray(i - (i % width), i - (i % width) + width).reduce((sum, other) => sum + other, 0))
}
