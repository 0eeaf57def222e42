import type { Language } from '../corpora/sample.ts'
import { linear } from '../engine/fused.ts'
import { type Loss, withGradients } from '../engine/gradients.ts'
import { type Params, paramInputs } from '../engine/params.ts'
import { tf } from '../engine/tf.ts'
import type { InputSpecs, TensorFunction, Tensors } from '../engine/trace/trace.ts'
import type { ClipConfig } from '../models/config.ts'
import { logitScale } from '../models/dual-encoder.ts'
import { normalize } from '../models/layers.ts'
import { encodeText } from '../models/text.ts'
import { encodeImage, patchCount } from '../models/vision.ts'
import type { Objective, ObjectiveContext, Weights } from './objectives/objective.ts'
import { defaultObjectiveSettings, type ObjectiveSettings } from './objectives/settings.ts'
import { objectives } from './objectives/table.ts'

export interface StepShape {
  batchSize: number // B
  textLength: number // T, tokens
  languages: Language[] // L
  /** Fraction of patches that enter the image tower. */
  keepPatches: number
  /** Teacher's dimension and temperature; absent when training without one. */
  teacher?: { embedDim: number; logitScale: number }
  /** What objectives are told beyond their weight. */
  settings?: ObjectiveSettings
}

/** Parameters that live beside the student while it learns: adapters to the teacher's space. */
export const imageAdapter = 'adapter.image.weight'
export const textAdapter = 'adapter.text.weight'

/** Input names per language; texts of all languages go through the tower together. */
export const positivesOf = (language: Language) => `positives:${language}`
export const teacherTextOf = (language: Language) => `teacher_text:${language}`

export function needs(weights: Weights, what: Objective['needs'][number]): boolean {
  return Object.keys(weights).some((name) => objectives[name]!.needs.includes(what))
}

export function keptPatches(config: ClipConfig, fraction: number): number {
  return Math.max(1, Math.round(patchCount(config) * fraction))
}

/**
 * The training step's function and its inputs: pixel_values [B, 3, S, S], keep [B, K] where patches are dropped, input_ids and
 * attention_mask [L·B, T], positives:LANG [B, B], teacher_image and teacher_text:LANG [B, Et]; where an objective needs them mask_keep [B, K]
 * (patches of a second, masked pass) and classes [B].
 * Outputs: loss, one scalar per objective, gradients.
 */
export function trainingStep(config: ClipConfig, params: Params, trained: string[], weights: Weights, shape: StepShape): { fn: TensorFunction; specs: InputSpecs } {
  const { batchSize: B, textLength: T, languages, keepPatches, teacher, settings = defaultObjectiveSettings } = shape
  const S = config.vision_config.image_size
  const specs: InputSpecs = {
    ...paramInputs(params),
    pixel_values: { dtype: 'float32', shape: [B, 3, S, S] },
    input_ids: { dtype: 'int32', shape: [languages.length * B, T] },
    attention_mask: { dtype: 'int32', shape: [languages.length * B, T] },
  }
  if (keepPatches < 1) specs.keep = { dtype: 'int32', shape: [B, keptPatches(config, keepPatches)] }
  if (needs(weights, 'masked-image')) specs.mask_keep = { dtype: 'int32', shape: [B, keptPatches(config, settings.mfdKeep)] }
  if (teacher) specs.teacher_image = { dtype: 'float32', shape: [B, teacher.embedDim] }
  if (needs(weights, 'classes')) specs.classes = { dtype: 'int32', shape: [B] }
  for (const language of languages) {
    specs[positivesOf(language)] = { dtype: 'float32', shape: [B, B] }
    if (teacher) specs[teacherTextOf(language)] = { dtype: 'float32', shape: [B, teacher.embedDim] }
  }
  const loss: Loss = (params, inputs) => {
    const contexts = embed(config, params, inputs, shape)
    const scalars: Tensors = {}
    for (const name of Object.keys(weights)) {
      const perLanguage = contexts.map((context) => objectives[name]!.loss(context))
      scalars[name] = tf.div(tf.addN(perLanguage), perLanguage.length)
    }
    const terms = Object.entries(weights).map(([name, weight]) => tf.mul(scalars[name]!, weight))
    return { loss: terms.length === 1 ? terms[0]! : tf.addN(terms), ...scalars }
  }
  return { fn: withGradients(loss, trained), specs }
}

/** Runs both towers once (the image tower a second time for masked images) and gives each language its part. */
function embed(config: ClipConfig, params: Tensors, inputs: Tensors, shape: StepShape): ObjectiveContext[] {
  const { batchSize: B, languages, teacher, settings = defaultObjectiveSettings } = shape
  const rawImage = encodeImage(params, config, inputs.pixel_values!, inputs.keep) // [B, E]
  const rawText = encodeText(params, config, inputs.input_ids!, inputs.attention_mask!) // [L·B, E]
  const project = (raw: tf.Tensor, adapter: string) => normalize(params[adapter] ? linear(raw, params[adapter]) : raw)
  const image = normalize(rawImage)
  const projectedImage = params[imageAdapter] ? project(rawImage, imageAdapter) : image
  const maskedImage = inputs.mask_keep && project(encodeImage(params, config, inputs.pixel_values!, inputs.mask_keep), imageAdapter)
  const scale = logitScale(params)
  return languages.map((language, i) => {
    const raw = tf.slice(rawText, [i * B, 0], [B, config.projection_dim])
    const text = normalize(raw)
    return {
      image,
      text,
      projectedImage,
      projectedText: params[textAdapter] ? project(raw, textAdapter) : text,
      maskedImage,
      scale,
      positives: inputs[positivesOf(language)]!,
      classes: inputs.classes,
      params,
      settings,
      teacher: teacher && { image: inputs.teacher_image!, text: inputs[teacherTextOf(language)]!, scale: teacher.logitScale },
    }
  })
}
