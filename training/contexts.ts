import { tf } from '../engine/tf.ts'
import type { Tensors } from '../engine/trace/trace.ts'
import { logitScale } from '../models/dual-encoder.ts'
import { gateFeatures, gatesOf } from '../models/gates.ts'
import { normalize } from '../models/layers.ts'
import { adapt } from './adapters.ts'
import { objectiveInputs } from './inputs.ts'
import { comparedLayers, innerTowers } from './objectives/inner-layers.ts'
import type { InnerContext, InnerLayer, ObjectiveContext, Tower } from './objectives/objective.ts'
import { type StepPlan, type StepSpecialist, specialistOf, teacherOf } from './step-shape.ts'
import type { TowerOutputs } from './towers.ts'

/**
 * What objectives see, a language at a time: embeddings in every space, and the batch's inputs.
 * @returns the contexts with the weight that each language's teacher has
 */
export function contextsOf(plan: StepPlan, params: Tensors, towers: TowerOutputs, inputs: Tensors): { context: ObjectiveContext; weight: number }[] {
  const { config, batchSize: B, languages, objectiveSettings } = plan
  const rawImage = inputs.kept_image ?? towers.image?.embedding // [B, E]
  const rawText = towers.text?.embedding // [L·B, E]
  const { masked } = towers
  const image = rawImage && normalize(rawImage)
  const scale = logitScale(params)
  /** In a teacher's space; `unit` is n(raw), for where that is the student's. */
  const project = (raw: tf.Tensor, tower: Tower, specialist?: StepSpecialist, unit?: tf.Tensor) => {
    const adapted = adapt(params, raw, tower, specialist?.languages)
    return adapted ? normalize(adapted) : (unit ?? normalize(raw))
  }
  /** Images in the space of each teacher: the same for all of its languages. */
  const imagesFor = new Map(
    [undefined, ...(plan.specialists ?? [])].map((specialist) => {
      const projectedImage = rawImage && project(rawImage, 'image', specialist, image)
      const maskedImage = masked && project(masked, 'image', specialist)
      return [specialist, { projectedImage, maskedImage, imageTerms: new Map<string, tf.Tensor>() }]
    }),
  )
  return languages.map((language, i) => {
    const raw = rawText && tf.slice(rawText, [i * B, 0], [B, config.projection_dim])
    const specialist = specialistOf(plan, language)
    const text = raw && normalize(raw)
    const context: ObjectiveContext = {
      image,
      text,
      ...imagesFor.get(specialist)!,
      projectedText: raw && project(raw, 'text', specialist, text),
      generalImage: imagesFor.get(undefined)!.projectedImage,
      scale,
      teacherScale: teacherOf(plan, language)?.logitScale,
      inputs: objectiveInputs(plan, inputs, language),
      inner: innerContexts(plan, inputs, towers, i),
      params,
      objectiveSettings,
    }
    return { context, weight: specialist?.weight ?? 1 }
  })
}

/** The student's inner layers, the part of one language: all images, and its texts. */
function innerContexts(
  { config, weights, batchSize: B }: StepPlan,
  inputs: Tensors,
  towers: TowerOutputs,
  language: number,
): Partial<Record<Tower, InnerContext>> {
  const contexts = innerTowers(weights).map((tower): [Tower, InnerContext] => {
    const part = (x: tf.Tensor) => (tower === 'image' ? x : tf.slice(x, [language * B], [B]))
    const gates = gatesOf(tower, config)
    const { means, ...lastLayer } = towers[tower]!
    // Gate features are of the weights as they are, not as compactors make them.
    const layerOf = (layer: InnerLayer) => (layer === 'gates' ? gateFeatures(inputs, gates, means!) : lastLayer[layer]!)
    const layers = Object.fromEntries(comparedLayers(weights, tower).map((layer) => [layer, part(layerOf(layer))]))
    return [tower, { layers, gates, ...(tower === 'text' && { attended: tf.cast(part(inputs.attention_mask!), 'float32') }) }] // [B, T]
  })
  return Object.fromEntries(contexts)
}
