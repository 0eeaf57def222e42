import type { Language } from '../corpora/sample.ts'
import type { Numbers } from '../engine/runtime.ts'
import { tf } from '../engine/tf.ts'
import type { InputSpec, InputSpecs, Tensors } from '../engine/trace/trace.ts'
import { patchCount } from '../models/vision.ts'
import type { Batch } from './batch.ts'
import { innerDims } from './objectives/inner-layers.ts'
import type { InnerLayer, Need, ObjectiveInput, ObjectiveInputs, Tower } from './objectives/objective.ts'
import { needs } from './objectives/table.ts'
import { keptPatches, type StepPlan, specialistOf, teacherOf, teachersOf } from './step-shape.ts'

const readByTowers = ['input_ids', 'attention_mask', 'text_order', 'pixel_values', 'keep', 'mask_keep'] as const
type TowerInput = (typeof readByTowers)[number]
/** What goes into a step beside parameters: what its towers read, and what its objectives read. */
type StepInput = TowerInput | 'kept_image' | ObjectiveInput

/** Who reads an input: a tower, for each image and text by itself, or objectives, for the whole batch. */
export type Reader = 'towers' | 'objectives'

interface InputRow {
  dtype: InputSpec['dtype']
  shape(plan: StepPlan, part: string): number[]
  /** Where its numbers come from. */
  value(batch: Batch, part: string): Numbers | Promise<Numbers>
  /** What an objective must need for it to be there; absent: it is there whatever they need. */
  need?: Need
  /** Whether this step has it at all; absent: every step has. */
  when?(plan: StepPlan): boolean
  /** There is one for every language, `NAME:en`, or for every teacher, NAME for the general one and `NAME:zh+ja` for specialists; absent: one in all. */
  each?: 'language' | 'teacher'
  /** Rows of all languages' texts, one language after another, of which an objective sees its language's. */
  rowsOfTexts?: boolean
}

const hasImages = ({ alone }: StepPlan) => alone !== 'text'
const hasTexts = ({ alone }: StepPlan) => alone !== 'image'
const perImage = ({ batchSize }: StepPlan) => [batchSize]
const perText = ({ languages, batchSize }: StepPlan) => [languages.length * batchSize]
const textTokens = (plan: StepPlan) => [...perText(plan), plan.textLength]

/** Every input of a step by its name. B images, T tokens, L languages, K patches, M centroids, S pixels. */
const rows: { [Name in StepInput]: InputRow } = {
  input_ids: { dtype: 'int32', shape: textTokens, when: hasTexts, value: ({ tokens }) => tokens.input_ids },
  attention_mask: { dtype: 'int32', shape: textTokens, when: hasTexts, value: ({ tokens }) => tokens.attention_mask },
  /** The row of each text where they come sorted. */
  text_order: { dtype: 'int32', shape: perText, when: ({ textBlocks }) => textBlocks !== undefined, value: ({ tokens }) => tokens.text_order! },
  pixel_values: {
    dtype: 'float32',
    shape: ({ batchSize, config: { vision_config: vision } }) => [batchSize, 3, vision.image_size, vision.image_size],
    when: (plan) => hasImages(plan) && !plan.keptImage,
    value: ({ pixels }) => pixels!,
  },
  /** Unit embeddings of an image tower that is kept, in the place of pixels. */
  kept_image: {
    dtype: 'float32',
    shape: ({ batchSize, config }) => [batchSize, config.projection_dim],
    when: (plan) => hasImages(plan) && plan.keptImage === true,
    value: ({ source, draw }) => source.keptImages!(draw.images, draw.epoch),
  },
  /** Patches that the step sees. */
  keep: {
    dtype: 'int32',
    shape: ({ batchSize, config, keepPatches }) => [batchSize, keptPatches(config, keepPatches)],
    when: ({ keepPatches }) => keepPatches < 1,
    value: ({ choosePatches, source }) => choosePatches(2, source.settings.keepPatches),
  },
  /** Patches of a second, masked pass. */
  mask_keep: {
    dtype: 'int32',
    shape: ({ batchSize, config, objectiveSettings }) => [batchSize, keptPatches(config, objectiveSettings.mfdKeep)],
    need: 'masked-image',
    value: ({ choosePatches, objectiveSettings }) => choosePatches(3, objectiveSettings.mfdKeep),
  },
  positives: {
    dtype: 'float32',
    each: 'language',
    shape: ({ batchSize }) => [batchSize, batchSize],
    when: ({ alone, unpaired }) => !alone && !unpaired,
    value: ({ positives }, language) => positives(language),
  },
  teacher_image: {
    dtype: 'float32',
    each: 'teacher',
    shape: (plan, teacher) => [plan.batchSize, teachersOf(plan)[teacher]!.embedDim],
    when: hasImages,
    value: ({ source, draw, pixels }, teacher) => teachersOf(source)[teacher]!.images(draw.images, draw.epoch, pixels!),
  },
  teacher_text: {
    dtype: 'float32',
    each: 'language',
    shape: (plan, language) => [plan.batchSize, teacherOf(plan, language)!.embedDim],
    when: (plan) => hasTexts(plan) && plan.teacher !== undefined,
    value: ({ source, draw }, language) => teacherOf(source, language)!.texts(draw.captions[source.pivot ?? language]!),
  },
  classes: {
    dtype: 'int32',
    shape: perImage,
    need: 'classes',
    value: ({ source, draw }) => Int32Array.from(draw.images, (i) => source.set.labels[i]!),
  },
  class_centroids: {
    dtype: 'float32',
    shape: ({ centroids, teacher }) => [centroids!, teacher!.embedDim],
    need: 'centroids',
    value: ({ centroids }) => centroids!.rows,
  },
  class_target: {
    dtype: 'int32',
    shape: perImage,
    need: 'centroids',
    value: ({ centroids, draw }) => Int32Array.from(draw.images, (i) => centroids!.target[i]!),
  },
  class_confidence: {
    dtype: 'float32',
    shape: perImage,
    need: 'centroids',
    value: ({ centroids, draw }) => Float32Array.from(draw.images, (i) => centroids!.confidence[i]!),
  },
  teacher_image_hidden: innerRow('image', 'hidden'),
  teacher_image_attention: innerRow('image', 'attention'),
  teacher_image_gates: innerRow('image', 'gates'),
  teacher_text_hidden: innerRow('text', 'hidden'),
  teacher_text_attention: innerRow('text', 'attention'),
  teacher_text_gates: innerRow('text', 'gates'),
}

function innerRow(tower: Tower, layer: InnerLayer): InputRow {
  const isImage = tower === 'image'
  return {
    dtype: 'float32',
    rowsOfTexts: !isImage,
    need: `${layer}-${tower}`,
    shape: (plan) => {
      const tokens = isImage ? patchCount(plan.config) + 1 : plan.textLength
      return [...(isImage ? perImage(plan) : perText(plan)), ...innerDims(plan.inner![tower]!, tokens)[layer]]
    },
    value: async ({ innerLayers }) => (await innerLayers(tower))[layer]!,
  }
}

/** Type and shape of all that a step takes beside parameters, or that one reader takes of it. */
export function inputSpecs(plan: StepPlan, reader?: Reader): InputSpecs {
  return Object.fromEntries(inputsOf(plan, reader).map(({ name, row, part }) => [name, { dtype: row.dtype, shape: row.shape(plan, part) }]))
}

/** The numbers of one batch, or those that one reader takes of it. */
export async function inputValues(plan: StepPlan, batch: Batch, reader?: Reader): Promise<Record<string, Numbers>> {
  const values: Record<string, Numbers> = {}
  for (const { name, row, part } of inputsOf(plan, reader)) values[name] = await row.value(batch, part)
  return values
}

/** What objectives read of a step's inputs in one language. */
export function objectiveInputs(plan: StepPlan, inputs: Tensors, language: Language): ObjectiveInputs {
  const { languages, batchSize: B } = plan
  const parts = { language, teacher: specialistOf(plan, language)?.languages.join('+') ?? '' }
  const read: Record<string, tf.Tensor> = {}
  for (const { base, name, row, part } of inputsOf(plan, 'objectives')) {
    if (row.each && part !== parts[row.each]) continue
    read[base] = row.rowsOfTexts ? tf.slice(inputs[name]!, [languages.indexOf(language) * B], [B]) : inputs[name]!
  }
  return read
}

function inputsOf(plan: StepPlan, reader?: Reader): { base: StepInput; name: string; row: InputRow; part: string }[] {
  const partsOf = { language: plan.languages, teacher: Object.keys(teachersOf(plan)) }
  return (Object.entries(rows) as [StepInput, InputRow][])
    .filter(([base]) => reader === undefined || readerOf(base) === reader)
    .filter(([, { need, when }]) => (need === undefined || needs(plan.weights, need)) && (when?.(plan) ?? true))
    .flatMap(([base, row]) => (row.each ? partsOf[row.each] : ['']).map((part) => ({ base, name: part ? `${base}:${part}` : base, row, part })))
}

function readerOf(input: StepInput): Reader {
  return (readByTowers as readonly StepInput[]).includes(input) ? 'towers' : 'objectives'
}
