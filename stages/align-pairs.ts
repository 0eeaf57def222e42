import { UserError } from '../base/errors.ts'
import { openCorpus } from '../corpora/open.ts'
import { requireDevice } from '../engine/compile.ts'
import { requireValidation } from '../eval/validation.ts'
import { findModel } from '../models/find-model.ts'
import { readModelFolder } from '../models/folder.ts'
import { findTeacherFiles } from '../models/onnx/files.ts'
import { verifyModelFolder } from '../models/verify.ts'
import { openRunData, usualData } from '../run/run-data.ts'
import { inRunFolder } from '../run/run-folder.ts'
import { teacherFolder } from '../run/shipped-teacher.ts'
import { writeSkipped } from '../run/skipped.ts'
import { trainedOn } from '../run/trained-on.ts'
import { checkMicroBatch } from '../training/check-micro-batch.ts'
import { checkTexts, requireTextsUsed } from '../training/check-texts.ts'
import { stage2Settings } from '../training/stage2-settings.ts'
import { type Stage2CommandSettings, stage2CommandSettings } from './settings/stage2.ts'
import { runStage2, stage2Weights } from './stage2.ts'

/**
 * Stage 2 in a run folder of its own, on the data that the model's run was trained on unless the settings name other.
 * @throws UserError for settings and data that do not fit, before anything is trained
 */
export async function alignPairs(config: Stage2CommandSettings): Promise<void> {
  const { pairs, out, cacheDir, resume, texts, textLimit } = config
  requireDevice(config)
  const settings = stage2Settings.parse(config)
  checkMicroBatch(settings, stage2Weights)
  checkTexts(settings)
  requireTextsUsed(config, [settings])
  requireTeacherUsed(config)
  const tokenizerDir = findModel(config.model)
  const trained = await trainedOn(config.model)
  const { open, ...data } = await openRunData(config, trained, usualData)
  const { languages } = data
  requireValidation(open, languages)
  const pairSet = pairs ? (await openCorpus(pairs, { ...config, languages })).corpus : undefined
  await verifyModelFolder(tokenizerDir)
  const model = await readModelFolder(tokenizerDir)
  const kept = settings.textShare > 0 ? { pool: { texts, textLimit }, teacher: requireTeacher(config.teacher ?? trained?.teacher) } : undefined
  if (kept) await findTeacherFiles(kept.teacher)
  await inRunFolder({ command: 'stage2', schema: stage2CommandSettings, config: { ...config, ...data } }, async () => {
    await writeSkipped(out, open.corpus, pairSet)
    return await runStage2({ open, pairs: pairSet, languages, model, tokenizerDir, settings, kept, dir: out, cacheDir, resume })
  })
}

/** @throws UserError for a teacher that nothing is asked of */
function requireTeacherUsed({ teacher, textShare }: Stage2CommandSettings): void {
  if (teacher === undefined || textShare > 0) return
  const hint = 'Set the share of texts whose features the student is to keep, such as 0.5, or leave it out.'
  throw new UserError({ where: `--teacher ${teacher}`, expected: '--text-share above 0', got: 'none', hint })
}

function requireTeacher(folder: string | undefined): string {
  if (folder !== undefined) return teacherFolder(folder)
  const hint = 'Name it with --teacher, or leave --text-share out.'
  throw new UserError({ where: '--text-share', expected: 'a teacher whose features of texts are kept', got: 'none known', hint })
}
