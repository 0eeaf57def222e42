import { z } from 'zod'
import { openCorpus } from '../corpora/open.ts'
import { requireDevice } from '../engine/compile.ts'
import { requireValidation } from '../eval/validation.ts'
import { exportFolder, requireExportable } from '../export/package.ts'
import { inRunFolder, requireNoRun } from '../run/run-folder.ts'
import { teacherSettings, trainTeacher } from '../stages/teacher.ts'
import { parseObjectives } from '../training/objectives/table.ts'
import type { Command } from './command.ts'
import { commandLine } from './command-line.ts'
import { corpusOptions, runOptions } from './options.ts'
import { stage1 } from './stage1.ts'

const schema = teacherSettings.extend({
  ...corpusOptions,
  out: z.string().default('runs/teacher').describe('run folder'),
  exportDir: z.string().optional().describe('where the fp16 ONNX folder goes (default: OUT/export)'),
  ...runOptions,
})

export const teacher: Command<typeof schema> = {
  name: 'teacher',
  description: 'Train a teacher from random weights on the corpus and write it as an fp16 ONNX folder.',
  schema,
  async run(config) {
    const { corpus, imagesDir, languages, out, exportDir = `${out}/export`, cacheDir, resume, force, ...settings } = config
    requireDevice(settings)
    parseObjectives(settings.objective) // a slip of the pen shall leave no run folder
    const open = await openCorpus(corpus, { languages, imagesDir })
    requireValidation(open, languages)
    await requireNoRun('--exportDir', exportDir, out)
    await requireExportable(exportDir, { force })
    const { model, tokenizerDir } = await inRunFolder(out, { command: 'teacher', ...config }, { resume, force }, () =>
      trainTeacher({ label: 'teacher', open, languages, settings, dir: out, cacheDir, resume }),
    )
    const card = {
      languages,
      data: [{ corpus: open.corpus.name, licence: open.corpus.licence }],
      limits: ['It knows what it was trained on: the images and words of the corpus above.'],
    }
    // A teacher's towers are all that distillation reads.
    await exportFolder(model, { tokenizerDir, out: exportDir, dtypes: ['fp16'], leaveOut: ['combined', 'safetensors'], force, card })
    console.log(`Teacher in ${exportDir}. Use it: ${commandLine(stage1, { teacher: exportDir, corpus, imagesDir, languages, out: 'RUN' })}`)
  },
}
