import { UserError } from '../base/errors.ts'
import type { Encoder } from '../models/encoder.ts'
import type { Stage1Settings } from '../training/stage1-settings.ts'
import { type Start, type StartOptions, startStudent } from '../training/start-student.ts'
import { startFromTeacher } from '../training/text-init.ts'

/**
 * The student of stage 1 as training finds it; its text tower begins with the teacher's vectors where `textInit` says so.
 * @throws UserError as startStudent and startFromTeacher do, and for a textInit beside a student that has weights
 */
export async function beginStudent(settings: Stage1Settings, teacher: Encoder, options: StartOptions & { cacheDir: string }): Promise<Start> {
  const { textInit, textShare, init, inherit } = settings
  const hasWeights = init ?? inherit
  if (textInit && hasWeights) {
    const hint = 'Leave --text-init out: the student begins as it is.'
    throw new UserError({ where: `--text-init ${textInit}`, expected: 'a student without weights', got: hasWeights, hint })
  }
  const start = await startStudent(settings, options)
  const fits = start.model.config.projection_dim === teacher.embedDim
  if (textInit === 'pca' || (!textInit && textShare > 0 && !hasWeights && fits)) await startFromTeacher(start, teacher, options.cacheDir)
  return start
}
