import { join } from 'node:path'
import { type CloseLater, closing } from '../base/closing.ts'
import { hashFiles } from '../base/hashes.ts'
import type { Frame } from '../corpora/framing.ts'
import type { OpenCorpus } from '../corpora/open.ts'
import { buildPixelCache } from '../corpora/pixel-cache.ts'
import type { Corpus, Language, TextCorpus } from '../corpora/sample.ts'
import type { TrainingResult } from '../engine/train.ts'
import { validation } from '../eval/validation.ts'
import type { ClipConfig } from '../models/config.ts'
import { type DualEncoder, frameOf } from '../models/dual-encoder.ts'
import { modelEncoder } from '../models/encoder.ts'
import { writeModelFolder } from '../models/folder.ts'
import { createAdapters, settleAdapters } from './adapters.ts'
import { loadTrainingSet, type TrainingSet } from './data/training-set.ts'
import { fit } from './fit.ts'
import { identityOf } from './identity.ts'
import { imagesKept } from './kept-images.ts'
import type { InnerShapes } from './objectives/inner-layers.ts'
import type { ObjectiveSizes, Weights } from './objectives/objective.ts'
import type { ObjectiveSettings } from './objectives/settings.ts'
import { needs, objectiveParams, teachesStudentSpace } from './objectives/table.ts'
import { requireTeachable } from './require-teachable.ts'
import type { TrainSettings } from './settings.ts'
import { dynamicCapacity } from './shrink/capacity.ts'
import type { ShrinkSettings } from './shrink/settings.ts'
import type { Start } from './start-student.ts'
import { type AllFeatures, featuresOfAll } from './teachers/all-features.ts'
import type { Targets } from './teachers/image-features.ts'
import { type Teachers, teachersId } from './teachers/teachers.ts'

/** What every stage is told of the run that it is in. */
export interface StageRun {
  languages: Language[]
  /** Run folder: gets log.jsonl, checkpoints/ and student/. */
  dir: string
  cacheDir: string
  resume?: boolean
}

/** A stage, as its recipe in stages/ says it. */
export interface Stage extends StageRun {
  label: string
  settings: TrainSettings
  /** Whose train split is learnt. Without images the text tower learns alone, and the image tower stays as it is, bit for bit. */
  corpus: Corpus | TextCorpus
  /** Where labels come from (default: the class). */
  classColumn?: string
  /** Gives the model that learns, updated in place, and its tokenizer. What does not fit the set is refused here, before anything is computed. */
  student(set: TrainingSet): Promise<Start>
  weights: Weights
  objectiveSettings?: ObjectiveSettings
  /** Absent: training without a teacher. */
  distillation?: Distillation
  /** CDD; absent: the student keeps its size. */
  shrinkSettings?: ShrinkSettings
  /** The corpus on which recall is measured now and then; absent: none is. */
  validateOn?: OpenCorpus
}

interface Distillation {
  /** Released once their features are stored. */
  teachers: Teachers
  /** Stored augmentations of every image; 0: teachers run at every step. */
  variants: number
  /** What the teachers see of an image. */
  targets: Targets
  /** The language that teachers read for all. */
  pivot?: Language
}

export interface StageResult {
  model: DualEncoder
  tokenizerDir: string
  result: TrainingResult
}

/**
 * Runs a stage: training set → student → pixels → teacher features → training with validations → dir/student.
 * @throws UserError before anything is computed for a set, a student and teachers that do not go together
 */
export function runStage(stage: Stage): Promise<StageResult> {
  return closing(async (closeLater) => {
    const { label, dir, cacheDir, settings, weights, distillation, classColumn, objectiveSettings } = stage
    const set = await loadTrainingSet(stage.corpus, 'train', stage.languages, { classColumn })
    const student = await stage.student(set)
    const { model, tokenizer, tokenizerDir } = student
    const { config } = model
    if (distillation) requireTeachable(distillation.teachers, weights, student, set, { ...settings, ...distillation })
    const { keptImage } = model
    const seen = keptImage === undefined || needs(weights, 'images')
    const decoded = seen ? await pixelsOf(set, frameOf(model), cacheDir, closeLater) : undefined
    const features = distillation && (await featuresFor(stage, distillation, { set, pixels: decoded }, student))
    const keptImages = keptImage && decoded && (await imagesKept(keptImage, { set, pixels: decoded }, cacheDir, features?.teacher))
    const pixels = keptImage ? undefined : decoded
    const { adapters, params } = learnable(stage, student, set, features)
    const source = { set, pixels, keptImages, config, tokenizer, weights, settings, objectiveSettings, ...features, pivot: distillation?.pivot }
    const capacity =
      stage.shrinkSettings && features && pixels && (await dynamicCapacity(model, stage.shrinkSettings, { ...source, ...features, pixels, params }))
    if (capacity) closeLater(capacity, ({ release }) => release())
    const encoder = await modelEncoder('student', capacity?.folded ?? model, tokenizer, { threads: settings.threads })
    closeLater(encoder, ({ release }) => release())

    // Where only the adapted space learns, a validation of the student's own would show chance.
    const measurable = Object.keys(adapters).length === 0 || teachesStudentSpace(weights)
    const validate =
      measurable && stage.validateOn ? await validation(stage.validateOn, stage.languages, encoder, cacheDir, { imagesLearn: !keptImage }) : undefined
    const all = { ...params, ...capacity?.params }
    const result = await fit({
      ...source,
      label,
      dir,
      resume: stage.resume,
      params: all,
      trained: Object.keys(all).filter(
        (name) => !capacity?.fixed.includes(name) && (pixels || keptImages || name.startsWith('text_') || !(name in model.params)),
      ),
      constraint: capacity?.constraint,
      evaluate: capacity ? async () => ({ ...(await capacity.refold()), ...(await validate?.()) }) : validate,
      identity: identityOf(stage.corpus, set, config, settings, {
        ...(distillation && { teacher: teachersId(distillation.teachers) }),
        tokenizer: await hashFiles(tokenizerDir, [join(tokenizerDir, 'tokenizer.json')]),
      }),
    })
    const shrunk = await capacity?.settle()
    const settled = settleAdapters(shrunk?.model ?? model, adapters, weights)
    for (const note of [shrunk?.note, settled.note]) if (note) process.stderr.write(`${label}: ${note}\n`)
    const trained = { ...settled.model, framing: model.framing }
    await writeModelFolder(join(dir, 'student'), trained, tokenizerDir)
    return { model: trained, tokenizerDir, result }
  })
}

/** Images as the student sees them, decoded once. */
async function pixelsOf({ images }: TrainingSet, { imageSize: size, framing }: Frame, dir: string, closeLater: CloseLater) {
  return images.length > 0 ? closeLater(await buildPixelCache(images, { dir, size, framing }), (pixels) => pixels.close()) : undefined
}

function featuresFor(
  { weights, settings, cacheDir }: Stage,
  { teachers, variants: asked, targets }: Distillation,
  data: Parameters<typeof featuresOfAll>[2],
  { model: { config, keptImage }, tokenizer }: Start,
): Promise<AllFeatures> {
  const variants = keptImage ? 1 : asked // no image tower learns from an augmented picture
  const policy = { name: settings.augmentation, strength: settings.strength }
  return featuresOfAll(teachers, weights, data, { cacheDir, variants, targets, policy, seed: settings.seed, tokenizer, config })
}

/** The student's parameters, and those that live beside it while it learns. */
function learnable(
  { weights, settings: { seed } }: Stage,
  { model: { config, params } }: Start,
  { labelCount }: TrainingSet,
  features?: AllFeatures,
) {
  const embedDim = config.projection_dim
  const teacherDim = features?.teacher.embedDim ?? embedDim
  const adapters = features ? createAdapters(embedDim, [{ embedDim: teacherDim }, ...features.specialists], weights, seed) : {}
  const sizes = { embedDim, teacherDim, classes: labelCount, inner: innerWidths(config, features?.inner?.shapes) }
  return { adapters, params: { ...params, ...adapters, ...objectiveParams(weights, sizes, seed) } }
}

/** Widths of the towers on both sides of hidden's projection. */
function innerWidths({ vision_config: vision, text_config: text }: ClipConfig, { image, text: words }: InnerShapes = {}): ObjectiveSizes['inner'] {
  return {
    ...(image && { image: { student: vision.hidden_size, teacher: image.width } }),
    ...(words && { text: { student: text.hidden_size, teacher: words.width } }),
  }
}
