import type { Policy } from '../../corpora/augment.ts'
import { languageOf } from '../../corpora/language.ts'
import { buildPixelCache } from '../../corpora/pixel-cache.ts'
import type { Language } from '../../corpora/sample.ts'
import { UserError } from '../../engine/errors.ts'
import type { RuntimeOptions } from '../../engine/runtime.ts'
import type { Encoder } from '../../models/encoder.ts'
import { openTeacher } from '../../models/teachers/onnx-folder.ts'
import type { Weights } from '../objectives/objective.ts'
import { shownOf } from '../training/inner-step.ts'
import type { ImageData, TrainingData } from '../training/prepare.ts'
import { ensembleFeatures } from './ensemble.ts'
import { type TeacherFeatures, teacherFeatures } from './features.ts'
import { onlineFeatures } from './online.ts'
import { textFeatures } from './text-features.ts'

/** A teacher beside the main one. */
export interface Colleague {
  encoder: Encoder
  weight: number
  /** The languages it takes over as a specialist; absent: it joins the main teacher in an ensemble. */
  languages?: Language[]
}

/** A specialist's features, as the training loop reads them. */
export interface SpecialistFeatures extends TeacherFeatures {
  languages: Language[]
  weight: number
}

/** All who teach one student. */
export interface Team {
  general: TeacherFeatures
  specialists: SpecialistFeatures[]
}

export interface TeamOptions {
  cacheDir: string
  /** Stored augmentations of every image; 0: teachers run at every step. */
  variants: number
  policy: Policy
  seed: number
}

/**
 * Opens the teachers that `--ensemble DIR[:WEIGHT]` and `--specialists LANG[+LANG]=DIR[:WEIGHT]` name.
 * @param languages those of the run
 * @throws UserError for a language that the run does not have or two specialists claim, a weight that is not positive, and as openTeacher does
 */
export async function openColleagues(
  ensemble: string[],
  specialists: string[],
  languages: Language[],
  options: RuntimeOptions,
): Promise<Colleague[]> {
  const named = [...ensemble.map((text) => parseColleague(text, '--ensemble')), ...specialists.map((text) => parseColleague(text, '--specialists'))]
  const claimed = named.flatMap((colleague) => colleague.languages ?? [])
  const wrong = claimed.find((language, i) => !languages.includes(language) || claimed.indexOf(language) !== i)
  if (wrong !== undefined) {
    const got = languages.includes(wrong) ? `${wrong} twice` : wrong
    throw new UserError({
      where: `--specialists ${specialists.join()}`,
      expected: `each of ${languages.join(', ')} at most once`,
      got,
      hint: 'Write LANG=DIR, or zh+ja=DIR for several.',
    })
  }
  const opened: Colleague[] = []
  try {
    for (const { dir, ...role } of named) opened.push({ ...role, encoder: await openTeacher(dir, options) })
  } catch (error) {
    for (const { encoder } of opened) await encoder.release()
    throw error
  }
  return opened
}

/** Takes all teachers out of memory, once what they have to say is on disk. They may be released again. */
export async function dismiss(teacher: Encoder, colleagues: readonly Colleague[], innerTeacher?: { release(): Promise<void> }): Promise<void> {
  for (const one of [teacher, ...colleagues.map(({ encoder }) => encoder)]) await one.release()
  await innerTeacher?.release()
}

/** `DIR`, `DIR:0.5`, and for specialists `zh=DIR`, `zh+ja=DIR:2`. */
export function parseColleague(text: string, flag: '--ensemble' | '--specialists'): { dir: string; weight: number; languages?: Language[] } {
  const [, speaks, dir, weight = '1'] = /^(?:([\w+-]+)=)?(.+?)(?::([\d.e-]+))?$/.exec(text.trim()) ?? []
  const isSpecialist = flag === '--specialists'
  const form = isSpecialist ? 'LANG=DIR or LANG+LANG=DIR:WEIGHT' : 'DIR or DIR:WEIGHT'
  if (!dir || !(Number(weight) > 0 && Number.isFinite(Number(weight))) || isSpecialist !== (speaks !== undefined)) {
    throw new UserError({
      where: `${flag} ${text}`,
      expected: form,
      got: text || 'nothing',
      hint: 'A weight is a positive number; 1 where it is left out.',
    })
  }
  return { dir, weight: Number(weight), ...(speaks && { languages: speaks.split('+').map((language) => languageOf(language, flag)) }) }
}

/** Who teaches what, in a line: part of a run's identity. */
export function teamId(teacher: Encoder, colleagues: readonly Colleague[], inner?: { id: string }): string {
  const others = colleagues.map(({ encoder, weight, languages }) => `${languages?.join('+') ?? 'ensemble'}=${encoder.id}:${weight}`)
  return [teacher.id, ...others, ...(inner ? [`inner=${inner.id}`] : [])].join(' ')
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

/** Et of the main teacher, or of the ensemble that it leads. */
export function generalDim(teacher: Encoder, colleagues: readonly Colleague[]): number {
  return colleagues.reduce((sum, { encoder, languages }) => sum + (languages ? 0 : encoder.embedDim), teacher.embedDim)
}

/** Makes or finds everybody's features. Every teacher sees the images at its own size, but in the same augmentations. */
export async function gatherTeam(teacher: Encoder, colleagues: Colleague[], data: TrainingData, options: TeamOptions): Promise<Team> {
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
  return { general: ensembleFeatures(members), specialists }
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
