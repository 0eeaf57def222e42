import { UserError } from '../../base/errors.ts'
import type { Policy } from '../../corpora/augment.ts'
import { buildPixelCache } from '../../corpora/pixel-cache.ts'
import type { Language } from '../../corpora/sample.ts'
import type { ClipConfig } from '../../models/config.ts'
import type { Encoder } from '../../models/encoder.ts'
import type { Tokenizer } from '../../tokenizers/load.ts'
import { shownOf } from '../inner-step.ts'
import type { Weights } from '../objectives/objective.ts'
import type { ImageData, TrainingData } from '../data/prepare.ts'
import { ensembleFeatures } from './ensemble.ts'
import { type TeacherFeatures, teacherFeatures } from './features.ts'
import { type InnerFeatures, innerFeatures } from './inner-features.ts'
import { onlineFeatures } from './online.ts'
import { dismiss, type Teachers } from './teachers.ts'
import { textFeatures } from './text-features.ts'

/** A specialist's features, as the training loop reads them. */
export interface SpecialistFeatures extends TeacherFeatures {
  languages: Language[]
  weight: number
}

/** What all who teach one student have to say. */
export interface Team {
  general: TeacherFeatures
  specialists: SpecialistFeatures[]
  inner?: InnerFeatures
}

export interface TeamOptions {
  cacheDir: string
  /** Stored augmentations of every image; 0: teachers run at every step. */
  variants: number
  policy: Policy
  seed: number
  /** The student's, for what is compared token by token. */
  tokenizer: Tokenizer
  config: ClipConfig
}

/**
 * Makes or finds everybody's features. Every teacher sees the images at its own size, but in the same augmentations. Once all is stored (`variants` of 1
 * or more) no teacher is in memory.
 */
export async function gatherTeam(teachers: Teachers, weights: Weights, data: TrainingData, options: TeamOptions): Promise<Team> {
  const { teacher, colleagues, innerTeacher } = teachers
  const featuresOf = (encoder: Encoder) => {
    const { set, pixels } = data
    if (!pixels) return textFeatures(encoder, set, options.cacheDir)
    return options.variants === 0 ? onlineFeatures(encoder, set, pixels.size, options) : cached(encoder, { set, pixels }, options)
  }
  const members = [{ features: await featuresOf(teacher), weight: 1 }]
  const specialists: SpecialistFeatures[] = []
  for (const { encoder, weight, languages } of colleagues) {
    const features = await featuresOf(encoder)
    if (languages) specialists.push({ ...features, weight, languages })
    else members.push({ features, weight })
  }
  const general = ensembleFeatures(members)
  const inner = innerTeacher && (await innerFeatures(innerTeacher, weights, data, { ...options, augmentation: general.augmentation }))
  if (options.variants > 0) await dismiss(teachers)
  return { general, specialists, inner }
}

async function cached(encoder: Encoder, { set, pixels }: ImageData, options: TeamOptions): Promise<TeacherFeatures> {
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
  const shown = shownOf(weights, 'text')
  if (shown.length > 0) {
    const hint = 'Leave it out, or distil features (fd-text) instead.'
    throw new UserError({ where: `--pivot ${pivot}`, expected: 'objectives that compare embeddings of texts', got: shown.join(' and '), hint })
  }
  if (languages.includes(pivot)) return
  const hint = 'Add it to --languages: its captions are what the teacher reads.'
  throw new UserError({ where: `--pivot ${pivot}`, expected: `one of ${languages.join(', ')}`, got: pivot, hint })
}
