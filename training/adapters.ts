import { UserError } from '../base/errors.ts'
import type { Language } from '../corpora/sample.ts'
import { linear } from '../engine/fused.ts'
import { initialize, type ParamSpecs, type Params } from '../engine/params.ts'
import type { tf } from '../engine/tf.ts'
import type { Tensors } from '../engine/trace/trace.ts'
import type { DualEncoder } from '../models/dual-encoder.ts'
import type { Tower, Weights } from './objectives/objective.ts'
import { adaptedTowers, teachesStudentSpace } from './objectives/table.ts'

/** A teacher as far as its adapters go; `languages` where it is a specialist. */
interface AdaptedTeacher {
  embedDim: number // Et
  languages?: Language[]
}

/** Parameters that live beside the student while it learns; a specialist's carry its languages. */
function adapterOf(tower: Tower, languages?: Language[]): string {
  return languages ? `adapter.${languages.join('+')}.${tower}.weight` : `adapter.${tower}.weight`
}

/**
 * Linear maps without bias from the student's to each teacher's space. None for a single teacher of the student's dimension, whose space the
 * student then learns itself, and none where no objective teaches a teacher's space.
 */
export function createAdapters(embedDim: number, teachers: AdaptedTeacher[], weights: Weights, seed: number): Params {
  if (adaptedTowers(weights).length === 0 || (teachers.length === 1 && teachers[0]!.embedDim === embedDim)) return {}
  const towers: Tower[] = ['image', 'text']
  const specs: ParamSpecs = {}
  for (const { embedDim: teacherDim, languages } of teachers) {
    for (const tower of towers) specs[adapterOf(tower, languages)] = { shape: [teacherDim, embedDim], init: { normal: embedDim ** -0.5 } }
  }
  return initialize(specs, seed)
}

/** Takes raw embeddings to a teacher's space; undefined where no adapter stands between. raw [B, E] → [B, Et] */
export function adapt(params: Tensors, raw: tf.Tensor, tower: Tower, languages?: Language[]): tf.Tensor | undefined {
  const weight = params[adapterOf(tower, languages)]
  return weight && linear(raw, weight)
}

/**
 * What becomes of the adapters when stage 1 ends. With task, crd, siglip or anchor the student's own space was trained: they are dropped.
 * Without, only the adapted space was, and the adapters are folded into the projections (W' = A·W), whose dimension becomes
 * the teacher's.
 */
export function settleAdapters(model: DualEncoder, adapters: Params, weights: Weights): { model: DualEncoder; note: string } {
  if (Object.keys(adapters).length === 0) return { model, note: 'no adapters between the student and its teacher' }
  if (teachesStudentSpace(weights)) return { model, note: "adapters dropped: the student's own space was trained" }
  const [image, text] = [adapters[adapterOf('image')]!, adapters[adapterOf('text')]!]
  const params = { ...model.params }
  params['visual_projection.weight'] = fold(image, params['visual_projection.weight']!)
  params['text_projection.weight'] = fold(text, params['text_projection.weight']!)
  const embedDim = image.shape[0]!
  return {
    model: { config: { ...model.config, projection_dim: embedDim }, params },
    note: `adapters folded into the projections: the embedding has ${embedDim} dimensions now`,
  }
}

/**
 * Several teachers have several spaces: one of them cannot be handed over as the student's.
 * @throws UserError when no objective teaches the student's own space
 */
export function requireStudentSpace(weights: Weights, teachers: number): void {
  if (teachers < 2 || teachesStudentSpace(weights)) return
  throw new UserError({
    where: '--objective',
    expected: "task, crd, siglip or anchor beside others, because several teachers share no space and the student's own must be trained",
    got: Object.keys(weights).join(', '),
    hint: 'Add task:1 or crd:1, or keep to one teacher.',
  })
}

/**
 * An adapter that only one tower learnt to pass cannot be folded into the other.
 * @throws UserError for objectives that teach one tower a space of another dimension, and neither the student's own
 */
export function requireBothTowers(weights: Weights, embedDim: number, teacherDim: number): void {
  const towers = adaptedTowers(weights)
  if (embedDim === teacherDim || towers.length !== 1 || teachesStudentSpace(weights)) return
  throw new UserError({
    where: '--objective',
    expected: `objectives for both towers, because the student's embedding has ${embedDim} dimensions and the teacher's ${teacherDim}`,
    got: `${Object.keys(weights).join(', ')}: the ${towers[0]} tower alone`,
    hint: "Add the other tower's objective, or task:1, or give the student the teacher's dimension.",
  })
}

/** A [Et, Es] · W [Es, D] → [Et, D] */
function fold(adapter: Params[string], weight: Params[string]): Params[string] {
  const [rows, inner] = adapter.shape as [number, number]
  const columns = weight.shape[1]!
  if (weight.shape[0] !== inner)
    throw new UserError({
      where: 'adapter',
      expected: `${weight.shape[0]} columns`,
      got: `${inner}`,
      hint: 'Adapter and student must come from the same run.',
    })
  const data = new Float32Array(rows * columns)
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < inner; k++) {
      const factor = adapter.data[i * inner + k]!
      for (let j = 0; j < columns; j++) data[i * columns + j] = data[i * columns + j]! + factor * weight.data[k * columns + j]!
    }
  }
  return { shape: [rows, columns], data }
}
