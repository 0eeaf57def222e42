import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '../../base/errors.ts'
import { languageOf } from '../../corpora/language.ts'
import type { Language } from '../../corpora/sample.ts'
import type { RuntimeOptions } from '../../engine/runtime.ts'
import type { Encoder } from '../../models/encoder.ts'
import { findTeacherFiles } from '../../models/onnx/files.ts'
import { openOnnxFolder } from '../../models/onnx/open-folder.ts'
import type { Tower } from '../objectives/objective.ts'
import { openImported } from './imported/open.ts'
import type { ImportedRows } from './imported/rows.ts'
import { type InnerTeacher, openInnerTeacher } from './inner-teacher.ts'

/** A teacher beside the main one. */
interface OtherTeacher {
  encoder: Encoder
  weight: number
  /** The languages it takes over as a specialist; absent: it joins the main teacher in an ensemble. */
  languages?: Language[]
}

/** All teachers of a student. */
export interface Teachers {
  /** The main one. */
  teacher: Encoder
  others: OtherTeacher[]
  /** The one whose inner layers some objective compares. */
  innerTeacher?: InnerTeacher
  /** The main one's features of plain images, where another program computed them. */
  imported?: ImportedRows
}

export interface TeachersOptions {
  teacher: Encoder
  /** Named as flags name them. */
  settings: {
    ensemble?: string[]
    specialists?: string[]
    innerTeacher?: string
    features?: string
    threads?: number
    device?: RuntimeOptions['device']
  }
  /** Those of the run. */
  languages: Language[]
  /** Those whose inner layers objectives compare. */
  towers: readonly Tower[]
}

/**
 * Opens the teachers that `--ensemble DIR[:WEIGHT]`, `--specialists LANG[+LANG]=DIR[:WEIGHT]` and `--inner-teacher DIR` name, and the features of
 * `--features FOLDER`, lends them with the main one to `teach`, and takes them out of memory, whatever comes of it.
 * @throws UserError as requireTeachers, openOnnxFolder, openInnerTeacher and openImported do
 */
export async function withTeachers<T>(options: TeachersOptions, teach: (teachers: Teachers) => Promise<T>): Promise<T> {
  const { teacher, settings, languages, towers } = options
  const { threads, device } = settings
  const named = namedTeachers(settings, languages)
  const others: OtherTeacher[] = []
  let innerTeacher: InnerTeacher | undefined
  try {
    for (const { dir, ...role } of named) others.push({ ...role, encoder: await openOnnxFolder(dir, { threads, device }) })
    if (settings.innerTeacher && towers.length > 0) innerTeacher = await openInnerTeacher(settings.innerTeacher, towers, { threads, device })
    const imported = settings.features === undefined ? undefined : await openImported(settings.features, teacher.embedDim)
    return await teach({ teacher, others, innerTeacher, imported })
  } finally {
    await release({ others, innerTeacher })
  }
}

/**
 * Looks for the teachers that settings name beside the main one.
 * @throws UserError for a language that the run does not have or two specialists claim, a weight that is not positive, and a folder without a model
 */
export async function requireTeachers(settings: TeachersOptions['settings'], languages: Language[]): Promise<void> {
  for (const { dir } of namedTeachers(settings, languages)) await findTeacherFiles(dir)
  const { innerTeacher } = settings
  if (innerTeacher && !existsSync(join(innerTeacher, 'model.safetensors'))) await findTeacherFiles(innerTeacher)
}

function namedTeachers({ ensemble = [], specialists = [] }: TeachersOptions['settings'], languages: Language[]) {
  const named = [
    ...ensemble.map((text) => parseOtherTeacher(text, '--ensemble')),
    ...specialists.map((text) => parseOtherTeacher(text, '--specialists')),
  ]
  requireOneEach(
    named.flatMap((other) => other.languages ?? []),
    specialists,
    languages,
  )
  return named
}

/** Takes them all out of memory, once their features are on disk. They may be released again. */
export async function releaseTeachers({ teacher, ...more }: Teachers): Promise<void> {
  await teacher.release()
  await release(more)
}

async function release({ others, innerTeacher }: Pick<Teachers, 'others' | 'innerTeacher'>): Promise<void> {
  for (const { encoder } of others) await encoder.release()
  await innerTeacher?.release()
}

function requireOneEach(claimed: Language[], specialists: string[], languages: Language[]): void {
  const wrong = claimed.find((language, i) => !languages.includes(language) || claimed.indexOf(language) !== i)
  if (wrong === undefined) return
  throw new UserError({
    where: `--specialists ${specialists.join()}`,
    expected: `each of ${languages.join(', ')} at most once`,
    got: languages.includes(wrong) ? `${wrong} twice` : wrong,
    hint: 'Write LANG=DIR, or zh+ja=DIR for several.',
  })
}

/** `DIR`, `DIR:0.5`, and for specialists `zh=DIR`, `zh+ja=DIR:2`. */
export function parseOtherTeacher(text: string, flag: '--ensemble' | '--specialists'): { dir: string; weight: number; languages?: Language[] } {
  const [, languages, dir, weight = '1'] = /^(?:([\w+-]+)=)?(.+?)(?::([\d.e-]+))?$/.exec(text.trim()) ?? []
  const isSpecialist = flag === '--specialists'
  const form = isSpecialist ? 'LANG=DIR or LANG+LANG=DIR:WEIGHT' : 'DIR or DIR:WEIGHT'
  if (!dir || !(Number(weight) > 0 && Number.isFinite(Number(weight))) || isSpecialist !== (languages !== undefined)) {
    throw new UserError({
      where: `${flag} ${text}`,
      expected: form,
      got: text || 'nothing',
      hint: 'A weight is a positive number; 1 where it is left out.',
    })
  }
  return { dir, weight: Number(weight), ...(languages && { languages: languages.split('+').map((language) => languageOf(language, flag)) }) }
}

/** Which teacher teaches what, in a line: part of a run's identity. */
export function teachersId({ teacher, others, innerTeacher, imported }: Teachers): string {
  const more = others.map(({ encoder, weight, languages }) => `${languages?.join('+') ?? 'ensemble'}=${encoder.id}:${weight}`)
  const rest = [innerTeacher && `inner=${innerTeacher.id}`, imported && `features=${imported.id}`].filter((part) => part !== undefined)
  return [teacher.id, ...more, ...rest].join(' ')
}

/** Et of the main teacher, or of the ensemble that it leads. */
export function generalDim({ teacher, others }: Teachers): number {
  return others.reduce((sum, { encoder, languages }) => sum + (languages ? 0 : encoder.embedDim), teacher.embedDim)
}
