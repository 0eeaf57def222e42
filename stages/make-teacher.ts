import { openCorpus } from '../corpora/open.ts'
import { requireDevice } from '../engine/compile.ts'
import { requireValidation } from '../eval/validation.ts'
import { exportFolder, requireExportable } from '../export/package.ts'
import { inRunFolder, requireNoRun } from '../run/run-folder.ts'
import { writeSkipped } from '../run/skipped.ts'
import { checkMicroBatch } from '../training/check-micro-batch.ts'
import { parseObjectives } from '../training/objectives/table.ts'
import { checkTokenizer } from '../training/tokenizer.ts'
import { type TeacherCommandSettings, teacherCommandSettings } from './settings/teacher.ts'
import { trainTeacher } from './teacher.ts'

/**
 * Trains a teacher in a run folder and writes it as an fp16 ONNX folder.
 * @returns that folder
 * @throws UserError for settings and data that do not fit, before anything is trained
 */
export async function makeTeacher(config: TeacherCommandSettings): Promise<{ exportDir: string }> {
  const { corpus, languages, out, exportDir = `${out}/export`, cacheDir, resume, force, ...settings } = config
  requireDevice(settings)
  checkMicroBatch(settings, parseObjectives(settings.objective))
  await checkTokenizer(settings)
  const open = await openCorpus(corpus, config)
  requireValidation(open, languages)
  await requireNoRun('--export-dir', exportDir, out)
  await requireExportable(exportDir, { force })
  await inRunFolder({ command: 'teacher', schema: teacherCommandSettings, config }, async () => {
    await writeSkipped(out, open.corpus)
    const { model, tokenizerDir } = await trainTeacher({ label: 'teacher', open, languages, settings, dir: out, cacheDir, resume })
    const card = {
      languages,
      data: [{ corpus: open.corpus.name, licence: open.corpus.licence }],
      limits: ['It knows what it was trained on: the images and words of the corpus above.'],
    }
    // A teacher's towers are all that distillation reads.
    await exportFolder(model, { tokenizerDir, out: exportDir, dtypes: ['fp16'], leaveOut: ['combined', 'safetensors'], force, card })
  })
  return { exportDir }
}
