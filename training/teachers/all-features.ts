import { isDeepStrictEqual } from 'node:util'
import { UserError } from '../../base/errors.ts'
import { notice } from '../../base/watch.ts'
import type { Frame } from '../../corpora/framing.ts'
import { buildPixelCache } from '../../corpora/pixel-cache.ts'
import type { Language } from '../../corpora/sample.ts'
import type { ClipConfig } from '../../models/config.ts'
import type { Encoder } from '../../models/encoder.ts'
import type { Tokenizer } from '../../tokenizers/load.ts'
import type { TrainingData } from '../data/prepare.ts'
import type { TrainingSet } from '../data/training-set.ts'
import { comparedLayers } from '../objectives/inner-layers.ts'
import type { Weights } from '../objectives/objective.ts'
import { ensembleFeatures } from './ensemble.ts'
import { type TeacherFeatures, teacherFeatures, teacherTextFeatures } from './features.ts'
import type { FeatureOptions } from './image-rows.ts'
import { importedFeatures } from './imported/features.ts'
import { type InnerFeatures, innerFeatures } from './inner-features.ts'
import { onlineFeatures } from './online.ts'
import type { Teachers } from './teachers.ts'

/** A specialist's features, as the training loop reads them. */
export interface SpecialistFeatures extends TeacherFeatures {
  languages: Language[]
  weight: number
}

/** Features of all teachers of a student. */
export interface AllFeatures {
  /** Of the main one, or of the ensemble that it leads. */
  teacher: TeacherFeatures
  specialists: SpecialistFeatures[]
  inner?: InnerFeatures
}

export interface AllFeaturesOptions extends FeatureOptions {
  /** The student's, for what is compared token by token. */
  tokenizer: Tokenizer
  config: ClipConfig
}

/** Makes or finds the features of all teachers. Every teacher sees the images at its own size, but in the same augmentations. */
export async function featuresOfAll(teachers: Teachers, weights: Weights, data: TrainingData, options: AllFeaturesOptions): Promise<AllFeatures> {
  const { teacher: main, others, innerTeacher, imported } = teachers
  const featuresOf = (encoder: Encoder) => {
    const { set, pixels } = data
    if (!pixels) return teacherTextFeatures(encoder, set.texts, options.cacheDir)
    if (options.variants === 0) return onlineFeatures(encoder, set, { imageSize: pixels.size, framing: pixels.framing }, options)
    return asSeenBy(encoder, { set, pixels }, options, (sized) => teacherFeatures(encoder, set, sized.pixels, options))
  }
  const ofMain = async () => {
    if (!imported || !data.pixels) return featuresOf(main)
    return { ...(await teacherTextFeatures(main, data.set.texts, options.cacheDir)), ...(await importedFeatures(imported, data.set.images, options)) }
  }
  const members = [{ features: await ofMain(), weight: 1 }]
  const specialists: SpecialistFeatures[] = []
  for (const { encoder, weight, languages } of others) {
    const features = await featuresOf(encoder)
    if (languages) specialists.push({ ...features, weight, languages })
    else members.push({ features, weight })
  }
  const teacher = ensembleFeatures(members)
  const innerOptions = { ...options, augmentation: teacher.augmentation }
  const inner = innerTeacher && (await asSeenBy(innerTeacher, data, options, (sized) => innerFeatures(innerTeacher, weights, sized, innerOptions)))
  return { teacher: readingTargets(teacher, data.set), specialists, inner }
}

/** Where another text is a text's target, its feature is read. */
function readingTargets(features: TeacherFeatures, { targets }: TrainingSet): TeacherFeatures {
  return targets ? { ...features, texts: (indices) => features.texts(indices.map((text) => targets[text]!)) } : features
}

/** Lends the pictures as a teacher sees them: the student's where that is the same, else decoded for it. */
async function asSeenBy<D extends TrainingData, T>(
  { imageSize: size, framing }: Frame,
  data: D,
  { cacheDir, variants }: AllFeaturesOptions,
  use: (seen: D) => Promise<T>,
): Promise<T> {
  if (!data.pixels || variants === 0 || (data.pixels.size === size && isDeepStrictEqual(data.pixels.framing, framing))) return use(data)
  const pixels = await buildPixelCache(data.set.images, { dir: cacheDir, size, framing })
  const megabytes = (pixels.count * size * size * 4) / 1e6
  notice(`teacher: sees ${size} px, the student ${data.pixels.size} px; pictures at ${size} px take ${megabytes.toFixed(0)} MB in ${cacheDir}`)
  return use({ ...data, pixels }).finally(() => pixels.close())
}

/** @throws UserError for a pivot that is none of the run's languages, and for one beside objectives that compare tokens: those of two languages differ */
export function requirePivot(pivot: Language | undefined, languages: Language[], weights: Weights): void {
  if (pivot === undefined) return
  const layers = comparedLayers(weights, 'text')
  if (layers.length > 0) {
    const hint = 'Leave it out, or distil features (fd-text) instead.'
    throw new UserError({ where: `--pivot ${pivot}`, expected: 'objectives that compare embeddings of texts', got: layers.join(' and '), hint })
  }
  if (languages.includes(pivot)) return
  const hint = 'Add it to --languages: its captions are what the teacher reads.'
  throw new UserError({ where: `--pivot ${pivot}`, expected: `one of ${languages.join(', ')}`, got: pivot, hint })
}
