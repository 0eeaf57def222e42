import { UserError } from '../../base/errors.ts'
import type { Policy } from '../../corpora/augment.ts'
import { buildPixelCache } from '../../corpora/pixel-cache.ts'
import type { Language } from '../../corpora/sample.ts'
import type { ClipConfig } from '../../models/config.ts'
import type { Encoder } from '../../models/encoder.ts'
import type { Tokenizer } from '../../tokenizers/load.ts'
import type { ImageData, TrainingData } from '../data/prepare.ts'
import type { TrainingSet } from '../data/training-set.ts'
import { comparedLayers } from '../objectives/inner-layers.ts'
import type { Weights } from '../objectives/objective.ts'
import { ensembleFeatures } from './ensemble.ts'
import { type TeacherFeatures, teacherFeatures } from './features.ts'
import { type InnerFeatures, innerFeatures } from './inner-features.ts'
import { onlineFeatures } from './online.ts'
import type { Teachers } from './teachers.ts'
import { textFeatures } from './text-features.ts'

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

export interface AllFeaturesOptions {
  cacheDir: string
  /** Stored augmentations of every image; 0: teachers run at every step. */
  variants: number
  policy: Policy
  seed: number
  /** The student's, for what is compared token by token. */
  tokenizer: Tokenizer
  config: ClipConfig
}

/** Makes or finds the features of all teachers. Every teacher sees the images at its own size, but in the same augmentations. */
export async function featuresOfAll(teachers: Teachers, weights: Weights, data: TrainingData, options: AllFeaturesOptions): Promise<AllFeatures> {
  const { teacher: main, others, innerTeacher } = teachers
  const featuresOf = (encoder: Encoder) => {
    const { set, pixels } = data
    if (!pixels) return textFeatures(encoder, set, options.cacheDir)
    return options.variants === 0 ? onlineFeatures(encoder, set, pixels.size, options) : cached(encoder, { set, pixels }, options)
  }
  const members = [{ features: await featuresOf(main), weight: 1 }]
  const specialists: SpecialistFeatures[] = []
  for (const { encoder, weight, languages } of others) {
    const features = await featuresOf(encoder)
    if (languages) specialists.push({ ...features, weight, languages })
    else members.push({ features, weight })
  }
  const teacher = ensembleFeatures(members)
  const inner = innerTeacher && (await innerFeatures(innerTeacher, weights, data, { ...options, augmentation: teacher.augmentation }))
  return { teacher: readingTargets(teacher, data.set), specialists, inner }
}

/** Where another text is a text's target, its feature is read. */
function readingTargets(features: TeacherFeatures, { targets }: TrainingSet): TeacherFeatures {
  return targets ? { ...features, texts: (indices) => features.texts(indices.map((text) => targets[text]!)) } : features
}

async function cached(encoder: Encoder, { set, pixels }: ImageData, options: AllFeaturesOptions): Promise<TeacherFeatures> {
  if (encoder.imageSize === pixels.size) return teacherFeatures(encoder, set, pixels, options)
  const own = await buildPixelCache(set.images, { dir: options.cacheDir, size: encoder.imageSize })
  try {
    return await teacherFeatures(encoder, set, own, options)
  } finally {
    own.close()
  }
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
