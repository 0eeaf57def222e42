import { UserError } from '../engine/errors.ts'
import type { Params } from '../engine/params.ts'
import { initialize } from '../engine/params.ts'
import type { DualEncoder } from '../models/dual-encoder.ts'
import type { Weights } from './objectives/objective.ts'
import { teachesOwnSpace } from './objectives/table.ts'
import { imageAdapter, textAdapter } from './step.ts'

/** Linear maps without bias from the student's to the teacher's space; none where the dimensions agree. */
export function createAdapters(embedDim: number, teacherDim: number, seed: number): Params {
  if (embedDim === teacherDim) return {}
  const spec = { shape: [teacherDim, embedDim], init: { normal: embedDim ** -0.5 } }
  return initialize({ [imageAdapter]: spec, [textAdapter]: spec }, seed)
}

/**
 * What becomes of the adapters when stage 1 ends. With task, crd or siglip the student's own space was trained: they are dropped.
 * Without, only the adapted space was, and the adapters are folded into the projections (W' = A·W), whose dimension becomes
 * the teacher's.
 */
export function settleAdapters(model: DualEncoder, adapters: Params, weights: Weights): { model: DualEncoder; note: string } {
  if (Object.keys(adapters).length === 0) return { model, note: 'no adapters: the student shares the teacher\'s dimension' }
  if (teachesOwnSpace(weights)) return { model, note: "adapters dropped: the student's own space was trained" }
  const params = { ...model.params }
  params['visual_projection.weight'] = fold(adapters[imageAdapter]!, params['visual_projection.weight']!)
  params['text_projection.weight'] = fold(adapters[textAdapter]!, params['text_projection.weight']!)
  const embedDim = adapters[imageAdapter]!.shape[0]!
  return { model: { config: { ...model.config, projection_dim: embedDim }, params }, note: `adapters folded into the projections: the embedding has ${embedDim} dimensions now` }
}

/** A [Et, Es] · W [Es, D] → [Et, D] */
function fold(adapter: Params[string], weight: Params[string]): Params[string] {
  const [rows, inner] = adapter.shape as [number, number]
  const columns = weight.shape[1]!
  if (weight.shape[0] !== inner) throw new UserError({ where: 'adapter', expected: `${weight.shape[0]} columns`, got: `${inner}`, hint: 'Adapter and student must come from the same run.' })
  const data = new Float32Array(rows * columns)
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < inner; k++) {
      const factor = adapter.data[i * inner + k]!
      for (let j = 0; j < columns; j++) data[i * columns + j] = data[i * columns + j]! + factor * weight.data[k * columns + j]!
    }
  }
  return { shape: [rows, columns], data }
}
