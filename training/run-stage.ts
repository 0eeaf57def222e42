import { join } from 'node:path'
import { type CloseLater, closing } from '../base/closing.ts'
import { hashFiles } from '../base/hashes.ts'
import { notice } from '../base/watch.ts'
import type { Frame } from '../corpora/framing.ts'
import type { OpenCorpus } from '../corpora/open.ts'
import { buildPixelCache } from '../corpora/pixel-cache.ts'
import type { Language } from '../corpora/sample.ts'
import type { Params } from '../engine/params.ts'
import type { TrainingResult } from '../engine/train.ts'
import { validation } from '../eval/validation.ts'
import type { ClipConfig } from '../models/config.ts'
import { type DualEncoder, frameOf } from '../models/dual-encoder.ts'
import { modelEncoder } from '../models/encoder.ts'
import { writeModelFolder } from '../models/folder.ts'
import { createAdapters, requireBothTowers, settleAdapters } from './adapters.ts'
import type { TrainingSet } from './data/training-set.ts'
import { fit } from './fit.ts'
import { identityOf } from './identity.ts'
import { imagesKept } from './kept-images.ts'
import type { InnerShapes } from './objectives/inner-layers.ts'
import type { ObjectiveSizes, Weights } from './objectives/objective.ts'
import type { ObjectiveSettings } from './objectives/settings.ts'
import { needs, objectiveParams, teachesStudentSpace } from './objectives/table.ts'
import { requireMemory } from './require-memory.ts'
import { requireTeachable } from './require-teachable.ts'
import type { TrainSettings } from './settings.ts'
import { dynamicCapacity } from './shrink/capacity.ts'
import type { ShrinkSettings } from './shrink/settings.ts'
import { type Distillation, type OpenSource, type Source, sharedWeights } from './source.ts'
import type { Start } from './start-student.ts'
import { type AllFeatures, featuresOfAll } from './teachers/all-features.ts'
import { generalDim, releaseTeachers } from './teachers/teachers.ts'

/** What every stage gets of the run that it is in. */
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
  /**
   * What is learnt, the main one first: it decides classes, shrinking and what is said of the data. Where none has images the text tower learns alone, and the image
   * tower stays as it is, bit for bit.
   */
  sources: Source[]
  /** Gives the model that learns, updated in place, and its tokenizer. What does not fit the sets is refused here, before anything is computed. */
  student(): Promise<Start>
  objectiveSettings?: ObjectiveSettings
  /** Settings of a stage that goes on with the same student on the same data: whether its batch fits is asked here, before anything is computed. */
  followedBy?: TrainSettings
  /** CDD; absent: the student keeps its size. */
  shrinkSettings?: ShrinkSettings
  /** The corpus on which recall is measured now and then; absent: none is. */
  validateOn?: OpenCorpus
}

export interface StageResult {
  model: DualEncoder
  tokenizerDir: string
  result: TrainingResult
}

/**
 * Runs a stage: training sets → student → pixels → teacher features → training with validations → dir/student.
 * @throws UserError before anything is computed for sets, a student and teachers that do not go together
 */
export function runStage(stage: Stage): Promise<StageResult> {
  return closing(async (closeLater) => {
    const { label, dir, settings, sources } = stage
    const student = await stage.student()
    const { model, tokenizer, tokenizerDir } = student
    const weights: Weights = Object.assign({}, ...sources.map((source) => source.weights))
    for (const source of sources) {
      if (!source.distillation) continue
      requireTeachable(source.distillation.teachers, source.weights, student, source.set, { ...settings, ...source.distillation })
      requireBothTowers(weights, model.config.projection_dim, generalDim(source.distillation.teachers))
    }
    for (const each of [settings, ...(stage.followedBy ? [stage.followedBy] : [])]) requireMemory(each, sources[0]!.set, student)
    const opened: OpenSource[] = []
    for (const source of sources) opened.push(await openSource(stage, source, student, closeLater))
    const distillations = sources.flatMap(({ distillation }) => distillation ?? [])
    const isStored = distillations.every(({ variants }) => variants > 0)
    if (isStored) for (const { teachers } of distillations) await releaseTeachers(teachers)
    const { adapters, params } = learnable(weights, settings, student, opened)
    const [main] = opened as [OpenSource]
    const capacity = stage.shrinkSettings && (await capacityOf(model, stage.shrinkSettings, main, params))
    if (capacity) closeLater(capacity, ({ release }) => release())
    const encoder = await modelEncoder('student', capacity?.folded ?? model, tokenizer, { threads: settings.threads })
    closeLater(encoder, ({ release }) => release())

    // Where only the adapted space learns, a validation of the student's own would show chance.
    const measurable = Object.keys(adapters).length === 0 || teachesStudentSpace(weights)
    const validate =
      measurable && stage.validateOn
        ? await validation(stage.validateOn, stage.languages, encoder, stage.cacheDir, { imagesLearn: !model.keptImage })
        : undefined
    const all = { ...params, ...capacity?.params }
    const seesImages = opened.some(({ pixels, keptImages }) => pixels || keptImages)
    const result = await fit({
      label,
      dir,
      settings,
      sources: opened,
      resume: stage.resume,
      params: all,
      trained: Object.keys(all).filter(
        (name) => !capacity?.fixed.includes(name) && (seesImages || name.startsWith('text_') || !(name in model.params)),
      ),
      constraint: capacity?.constraint,
      evaluate: capacity ? async () => ({ ...(await capacity.refold()), ...(await validate?.()) }) : validate,
      identity: identityOf(sources, model.config, settings, {
        tokenizer: await hashFiles(tokenizerDir, [join(tokenizerDir, 'tokenizer.json')]),
      }),
    })
    const shrunk = await capacity?.settle()
    const settled = settleAdapters(shrunk?.model ?? model, adapters, weights)
    for (const note of [shrunk?.note, settled.note]) if (note) notice(`${label}: ${note}`)
    const trained = { ...settled.model, framing: model.framing }
    await writeModelFolder(join(dir, 'student'), trained, tokenizerDir)
    return { model: trained, tokenizerDir, result }
  })
}

/** A source with its pixels and features, as batches are made of it. */
async function openSource(
  { sources, settings, objectiveSettings, cacheDir }: Stage,
  source: Source,
  student: Start,
  closeLater: CloseLater,
): Promise<OpenSource> {
  const { name, notes, set, share, distillation, batchSize = settings.batchSize } = source
  const { config, keptImage } = student.model
  const readsImages = keptImage === undefined || needs(source.weights, 'images')
  const decoded = readsImages ? await pixelsOf(set, frameOf(student.model), cacheDir, closeLater) : undefined
  const features = distillation && (await featuresFor(source.weights, settings, cacheDir, distillation, { set, pixels: decoded }, student))
  const keptImages = keptImage && decoded && (await imagesKept(keptImage, decoded, cacheDir, features?.teacher))
  return {
    name,
    notes,
    share,
    set,
    pixels: keptImage ? undefined : decoded,
    keptImages,
    config,
    objectiveSettings,
    tokenizer: student.tokenizer,
    weights: sharedWeights(source),
    settings: { ...settings, batchSize, microBatch: source === sources[0] ? settings.microBatch : undefined },
    ...features,
    pivot: distillation?.pivot,
  }
}

function capacityOf(model: DualEncoder, shrinkSettings: ShrinkSettings, source: OpenSource, params: Params) {
  const { teacher, pixels } = source
  return teacher && pixels && dynamicCapacity(model, shrinkSettings, { ...source, teacher, pixels, params })
}

/** Images as the student sees them, decoded once. */
async function pixelsOf({ images }: TrainingSet, { imageSize: size, framing }: Frame, dir: string, closeLater: CloseLater) {
  return images.length > 0 ? closeLater(await buildPixelCache(images, { dir, size, framing }), (pixels) => pixels.close()) : undefined
}

async function featuresFor(
  weights: Weights,
  settings: TrainSettings,
  cacheDir: string,
  { teachers, variants, targets }: Distillation,
  data: Parameters<typeof featuresOfAll>[2],
  { model: { config, keptImage }, tokenizer }: Start,
): Promise<AllFeatures> {
  const policy = { name: settings.augmentation, strength: settings.strength }
  // No image tower learns from an augmented picture: plain ones are embedded once, for this stage and the next.
  const kept = keptImage && { variants: 1, targets: 'plain' as const, imageTower: await keptImage.towerId() }
  return featuresOfAll(teachers, weights, data, { cacheDir, variants, targets, policy, seed: settings.seed, tokenizer, config, ...kept })
}

/** The student's parameters, and those that live beside it while it learns. */
function learnable(weights: Weights, { seed }: TrainSettings, { model: { config, params } }: Start, sources: OpenSource[]) {
  const [{ set, inner }] = sources as [OpenSource]
  const embedDim = config.projection_dim
  const distilled = sources.find(({ teacher }) => teacher)
  const teacherDim = distilled?.teacher?.embedDim ?? embedDim
  const adapters = distilled ? createAdapters(embedDim, [{ embedDim: teacherDim }, ...(distilled.specialists ?? [])], weights, seed) : {}
  const sizes = { embedDim, teacherDim, classes: set.labelCount, inner: innerWidths(config, inner?.shapes) }
  return { adapters, params: { ...params, ...adapters, ...objectiveParams(weights, sizes, seed) } }
}

/** Widths of the towers on both sides of hidden's projection. */
function innerWidths({ vision_config: vision, text_config: text }: ClipConfig, { image, text: words }: InnerShapes = {}): ObjectiveSizes['inner'] {
  return {
    ...(image && { image: { student: vision.hidden_size, teacher: image.width } }),
    ...(words && { text: { student: text.hidden_size, teacher: words.width } }),
  }
}
