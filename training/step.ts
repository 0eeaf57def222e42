import type { Language } from '../corpora/sample.ts'
import { type Loss, withGradients } from '../engine/gradients.ts'
import { type Params, paramInputs } from '../engine/params.ts'
import { tf } from '../engine/tf.ts'
import type { InputSpecs, TensorFunction, Tensors } from '../engine/trace/trace.ts'
import { type Block, blockSize, evenBlocks, inBlocks } from '../models/blocks.ts'
import type { ClipConfig } from '../models/config.ts'
import { logitScale } from '../models/dual-encoder.ts'
import { allGates } from '../models/gates.ts'
import { type Activations, normalize } from '../models/layers.ts'
import { textTower } from '../models/text.ts'
import { imageTower, patchCount } from '../models/vision.ts'
import { adapt } from './adapters.ts'
import { type InnerShapes, innerContext, innerNeeds, innerSpecs } from './inner-step.ts'
import type { Objective, ObjectiveContext, Tower, Weights } from './objectives/objective.ts'
import { requireNeeds } from './objectives/requirements.ts'
import { defaultObjectiveSettings, type ObjectiveSettings } from './objectives/settings.ts'
import { needs, objectives } from './objectives/table.ts'
import { compacted } from './shrink/compactors.ts'

interface StepTeacher {
  embedDim: number // Et
  logitScale: number // sT
}

/** A teacher of some languages, which it takes over from the general one. */
interface StepSpecialist extends StepTeacher {
  languages: Language[]
  /** Factor of what its objectives say, beside the general teacher's 1. */
  weight: number
}

export interface StepShape {
  batchSize: number // B
  textLength: number // T, tokens
  /** Texts come sorted, longest first, and go through the tower in these blocks; default: all T tokens in any order. */
  textBlocks?: Block[]
  languages: Language[] // L
  /** Fraction of patches that enter the image tower. */
  keepPatches: number
  /** Teacher's dimension and temperature; absent when training without one. */
  teacher?: StepTeacher
  specialists?: StepSpecialist[]
  /** Class centroids in the teacher's space. */
  centroids?: number // M
  /** Last layers that the teacher shows. */
  inner?: InnerShapes
  /** What objectives are told beyond their weight. */
  settings?: ObjectiveSettings
  /** Texts without images: only the text tower is there. */
  textOnly?: boolean
}

/** Input names per language; texts of all languages go through the tower together. */
export const positivesOf = (language: Language) => `positives:${language}`
export const teacherTextOf = (language: Language) => `teacher_text:${language}`
/** The image features of a specialist, or of the general teacher. */
export const teacherImageOf = (specialist?: { languages: Language[] }) =>
  specialist ? `teacher_image:${specialist.languages.join('+')}` : 'teacher_image'

export function keptPatches(config: ClipConfig, fraction: number): number {
  return Math.max(1, Math.round(patchCount(config) * fraction))
}

/**
 * The training step's function and its inputs: pixel_values [B, 3, S, S], keep [B, K] where patches are dropped, input_ids and
 * attention_mask [L·B, T], text_order [L·B] where texts are sorted (the row of each), positives:LANG [B, B], teacher_image (and teacher_image:LANG+LANG of specialists) and teacher_text:LANG [B, Et];
 * where an objective needs them mask_keep [B, K] (patches of a second, masked pass), classes [B], class_centroids [M, Et],
 * class_target and class_confidence [B], and the teacher's last layers. A step of texts alone has neither pixels nor positives.
 * Outputs: loss, one scalar per objective, gradients.
 * @throws UserError for an objective that needs what the step does not have
 */
export function trainingStep(
  config: ClipConfig,
  params: Params,
  trained: string[],
  weights: Weights,
  shape: StepShape,
): { fn: TensorFunction; specs: InputSpecs } {
  requireNeeds(weights, {
    images: !shape.textOnly,
    teacher: shape.teacher !== undefined,
    'one-teacher': !shape.specialists?.length,
    classes: true,
    'masked-image': true,
    centroids: shape.centroids !== undefined,
    ...innerNeeds(shape.inner),
  })
  const loss: Loss = (params, inputs) => {
    const contexts = embed(config, compacted(params, allGates(config)), inputs, weights, shape)
    const scalars: Tensors = {}
    for (const name of Object.keys(weights)) {
      const objective = objectives[name]!
      const perLanguage = contexts.map(({ context, weight }) => {
        const value = objective.loss(context)
        return weight !== 1 && isSpoken(objective) ? tf.mul(value, weight) : value
      })
      scalars[name] = tf.div(tf.addN(perLanguage), perLanguage.length)
    }
    const terms = Object.entries(weights).map(([name, weight]) => tf.mul(scalars[name]!, weight))
    return { loss: terms.length === 1 ? terms[0]! : tf.addN(terms), ...scalars }
  }
  return { fn: withGradients(loss, trained), specs: inputSpecs(config, params, weights, shape) }
}

/** Whether it is a language's own teacher that an objective listens to; classes lie in the general teacher's space. */
function isSpoken({ needs }: Objective): boolean {
  return needs.includes('teacher') && !needs.includes('centroids')
}

function inputSpecs(config: ClipConfig, params: Params, weights: Weights, shape: StepShape): InputSpecs {
  const { batchSize: B, textLength: T, languages, keepPatches, teacher, specialists = [], settings = defaultObjectiveSettings } = shape
  const S = config.vision_config.image_size
  const specs: InputSpecs = {
    ...paramInputs(params),
    input_ids: { dtype: 'int32', shape: [languages.length * B, T] },
    attention_mask: { dtype: 'int32', shape: [languages.length * B, T] },
  }
  if (shape.textBlocks) specs.text_order = { dtype: 'int32', shape: [languages.length * B] }
  if (!shape.textOnly) specs.pixel_values = { dtype: 'float32', shape: [B, 3, S, S] }
  if (keepPatches < 1) specs.keep = { dtype: 'int32', shape: [B, keptPatches(config, keepPatches)] }
  if (needs(weights, 'masked-image')) specs.mask_keep = { dtype: 'int32', shape: [B, keptPatches(config, settings.mfdKeep)] }
  if (teacher && !shape.textOnly) specs[teacherImageOf()] = { dtype: 'float32', shape: [B, teacher.embedDim] }
  for (const specialist of specialists) specs[teacherImageOf(specialist)] = { dtype: 'float32', shape: [B, specialist.embedDim] }
  if (needs(weights, 'classes')) specs.classes = { dtype: 'int32', shape: [B] }
  if (needs(weights, 'centroids')) {
    specs.class_centroids = { dtype: 'float32', shape: [shape.centroids!, teacher!.embedDim] }
    specs.class_target = { dtype: 'int32', shape: [B] }
    specs.class_confidence = { dtype: 'float32', shape: [B] }
  }
  for (const language of languages) {
    if (!shape.textOnly) specs[positivesOf(language)] = { dtype: 'float32', shape: [B, B] }
    const speaker = specialistOf(shape, language) ?? teacher
    if (speaker) specs[teacherTextOf(language)] = { dtype: 'float32', shape: [B, speaker.embedDim] }
  }
  return { ...specs, ...innerSpecs(config, weights, shape) }
}

function specialistOf({ specialists = [] }: StepShape, language: Language): StepSpecialist | undefined {
  return specialists.find(({ languages }) => languages.includes(language))
}

/** Runs both towers once (the image tower a second time for masked images) and gives each language its part. */
function embed(
  config: ClipConfig,
  params: Tensors,
  inputs: Tensors,
  weights: Weights,
  shape: StepShape,
): { context: ObjectiveContext; weight: number }[] {
  const { batchSize: B, languages, teacher, settings = defaultObjectiveSettings } = shape
  const pixels = inputs.pixel_values
  const own = {
    image: pixels && encodeImages(params, config, pixels, inputs.keep),
    text: encodeTexts(params, config, inputs, shape.textBlocks),
  }
  const rawImage = own.image?.embedding // [B, E]
  const rawText = own.text.embedding // [L·B, E]
  const masked = inputs.mask_keep && encodeImages(params, config, pixels!, inputs.mask_keep).embedding // [B, E]
  const image = rawImage && normalize(rawImage)
  const scale = logitScale(params)
  /** In a teacher's space; `unit` is n(raw), for where that is the student's. */
  const project = (raw: tf.Tensor, tower: Tower, specialist?: StepSpecialist, unit?: tf.Tensor) => {
    const adapted = adapt(params, raw, tower, specialist?.languages)
    return adapted ? normalize(adapted) : (unit ?? normalize(raw))
  }
  const seenBy = new Map(
    [undefined, ...(shape.specialists ?? [])].map((specialist) => {
      const projectedImage = rawImage && project(rawImage, 'image', specialist, image)
      const maskedImage = masked && project(masked, 'image', specialist)
      return [specialist, { projectedImage, maskedImage, imageTerms: new Map<string, tf.Tensor>() }]
    }),
  )
  const centroids = inputs.class_centroids && {
    rows: inputs.class_centroids,
    target: inputs.class_target!,
    confidence: inputs.class_confidence!,
    image: seenBy.get(undefined)!.projectedImage!,
  }
  return languages.map((language, i) => {
    const raw = tf.slice(rawText, [i * B, 0], [B, config.projection_dim])
    const specialist = specialistOf(shape, language)
    const speaker = specialist ?? teacher
    const text = normalize(raw)
    const context: ObjectiveContext = {
      image,
      text,
      ...seenBy.get(specialist)!,
      projectedText: project(raw, 'text', specialist, text),
      scale,
      positives: inputs[positivesOf(language)],
      classes: inputs.classes,
      centroids,
      inner: innerContext(config, weights, shape, inputs, own, i),
      params,
      settings,
      teacher: speaker && { image: inputs[teacherImageOf(specialist)], text: inputs[teacherTextOf(language)]!, scale: speaker.logitScale },
    }
    return { context, weight: specialist?.weight ?? 1 }
  })
}

/** What nothing is made of, such as a last layer that no objective compares, is pruned from the compiled step. */
function encodeImages(params: Tensors, config: ClipConfig, pixels: tf.Tensor, keep?: tf.Tensor): ReturnType<typeof imageTower> {
  const size = blockSize(config.vision_config, (keep?.shape[1] ?? patchCount(config)) + 1)
  return inBlocks(
    evenBlocks(pixels.shape[0]!, size),
    (...[pixels, keep]) => imageTower(params, config, pixels!, keep),
    pixels,
    ...(keep ? [keep] : []),
  )
}

/** Sorted texts of different lengths have no last layer in common. */
function encodeTexts(params: Tensors, config: ClipConfig, inputs: Tensors, blocks?: Block[]): { embedding: tf.Tensor } & Partial<Activations> {
  const [ids, attended] = [inputs.input_ids!, inputs.attention_mask!]
  const encode = (...[ids, attended]: tf.Tensor[]) => textTower(params, config, ids!, attended!)
  if (!blocks) return inBlocks(evenBlocks(ids.shape[0]!, blockSize(config.text_config, ids.shape[1]!)), encode, ids, attended)
  const { embedding } = inBlocks(blocks, (...block) => ({ embedding: encode(...block).embedding }), ids, attended)
  return { embedding: tf.gather(embedding, inputs.text_order!) }
}
