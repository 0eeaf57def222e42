import { UserError } from '../base/errors.ts'
import type { Language } from '../corpora/sample.ts'
import type { Encoder } from '../models/encoder.ts'
import type { KeptImageTower } from '../models/kept-image.ts'
import { checkStage1 } from '../training/check-stage1.ts'
import type { Stage1Settings } from '../training/stage1-settings.ts'
import { startSource, studentImageSize } from '../training/start-source.ts'
import { type Start, type StartOptions, startStudent } from '../training/start-student.ts'
import { requirePivot } from '../training/teachers/all-features.ts'
import { requireTeachers } from '../training/teachers/teachers.ts'
import { startFromTeacher } from '../training/text-init.ts'

/** What stage 1 begins with. */
interface Beginning {
  teacher: Encoder
  languages: Language[]
  /** Side of the corpus' images where nothing else says one. */
  usualSize: number
  keptImage?: KeptImageTower
}

/**
 * Looks at all that settings name to begin with: a student, a tokenizer, other teachers.
 * @returns the side of the student's images, in pixels
 * @throws UserError for what is not there or does not fit: call it before a run has a folder
 */
export async function checkBeginning(settings: Stage1Settings, { teacher, languages, usualSize, keptImage }: Beginning): Promise<number> {
  requirePivot(settings.pivot, languages, checkStage1(settings))
  requireTextInit(settings)
  await requireTeachers(settings, languages)
  const imageSize = await studentImageSize(settings, usualSize, teacher.imageSize)
  await startSource(settings, { imageSize, embedDim: teacher.embedDim, keptImage })
  return imageSize
}

/**
 * The student of stage 1 as training finds it; its text tower begins with the teacher's vectors where `textInit` says so.
 * @throws UserError as startStudent and startFromTeacher do
 */
export async function beginStudent(settings: Stage1Settings, teacher: Encoder, options: StartOptions & { cacheDir: string }): Promise<Start> {
  const { textInit, textShare, init, inherit } = settings
  const start = await startStudent(settings, options)
  const fits = start.model.config.projection_dim === teacher.embedDim
  if (textInit === 'pca' || (!textInit && textShare > 0 && !init && !inherit && fits)) await startFromTeacher(start, teacher, options.cacheDir)
  return start
}

/** @throws UserError for a textInit beside a student that has weights */
function requireTextInit({ textInit, init, inherit }: Stage1Settings): void {
  const hasWeights = init ?? inherit
  if (!textInit || !hasWeights) return
  const hint = 'Leave --text-init out: the student begins as it is.'
  throw new UserError({ where: `--text-init ${textInit}`, expected: 'a student without weights', got: hasWeights, hint })
}
