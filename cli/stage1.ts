import { z } from 'zod'
import { defaultCorpus } from '../corpora/emoji/embedded.ts'
import { openCorpus } from '../corpora/open.ts'
import { openTexts } from '../corpora/open-texts.ts'
import { requireValidation } from '../eval/validation.ts'
import { openTeacher } from '../models/onnx/open-folder.ts'
import { decodeProtocols } from '../run/run-data.ts'
import { inRunFolder } from '../run/run-folder.ts'
import { runStage1 } from '../stages/stage1.ts'
import { checkTextStage, runTextStage } from '../stages/text-stage.ts'
import { checkStage1, stage1Settings } from '../training/stage1-settings.ts'
import type { Command } from './command.ts'
import { commandLine } from './command-line.ts'
import { corpusOptions, runOptions, teacherFolder, teacherOption, teacherScaleOption } from './options.ts'
import { stage2 } from './stage2.ts'

const schema = stage1Settings.extend({
  ...corpusOptions,
  corpus: z
    .string()
    .default(defaultCorpus)
    .describe('emoji, emoji-names, or a .csv, .tsv or .jsonl file; without images the text tower alone learns'),
  teacher: teacherOption,
  teacherScale: teacherScaleOption,
  out: z.string().default('runs/stage1').describe('run folder'),
  ...runOptions,
})

export const stage1: Command<typeof schema> = {
  name: 'stage1',
  description: "Stage 1: distil a teacher's image and text features into a student.",
  schema,
  async run(config) {
    const { corpus, imagesDir, languages, teacher: teacherDir, teacherScale, out, cacheDir, resume, force, ...settings } = config
    checkStage1(settings, teacherScale) // a slip of the pen shall leave no run folder
    const texts = await openTexts(corpus, { languages })
    if (texts) checkTextStage(settings)
    const open = texts ? undefined : await openCorpus(corpus, { languages, imagesDir })
    if (open) requireValidation(open, languages)
    const teacher = await openTeacher(teacherFolder(teacherDir), { threads: settings.threads, logitScale: teacherScale })
    try {
      await inRunFolder(out, { command: 'stage1', ...config }, { resume, force }, async () => {
        const run = { languages, teacher, settings, dir: out, cacheDir, resume }
        if (texts) await runTextStage({ ...run, texts, open: texts.pictures ? await openCorpus(texts.pictures, { languages }) : undefined })
        else {
          await decodeProtocols({ open: open!, languages }, [], teacher.imageSize, cacheDir)
          await runStage1({ ...run, open: open! })
        }
      })
    } finally {
      await teacher.release()
    }
    const next = commandLine(stage2, { from: out, ...(texts && { corpus: 'CORPUS' }), out: 'RUN' })
    console.log(`Student in ${out}/student. Next: ${next}`)
  },
}
