import { z } from 'zod'
import { openCorpus } from '../corpora/open.ts'
import { openTexts } from '../corpora/open-texts.ts'
import { openTeacher } from '../models/teachers/onnx-folder.ts'
import { parseObjectives } from '../stages/objectives/table.ts'
import { openRunFolder } from '../stages/run-folder.ts'
import { runStage1, stage1Settings } from '../stages/stage1.ts'
import { runTextStage } from '../stages/text-stage.ts'
import type { Command } from './command.ts'
import { corpusOptions, runOptions, teacherFolder, teacherOption, teacherScaleOption } from './options.ts'

const schema = stage1Settings.extend({
  ...corpusOptions,
  corpus: z.string().default('emoji').describe('emoji, emoji-names, or a .csv, .tsv or .jsonl file; without images the text tower alone learns'),
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
    parseObjectives(settings.objective) // a slip of the pen shall leave no run folder
    const texts = await openTexts(corpus, { languages })
    const open = texts ? undefined : await openCorpus(corpus, { languages, imagesDir })
    const teacher = await openTeacher(teacherFolder(teacherDir), { threads: settings.threads, logitScale: teacherScale })
    await openRunFolder(out, { command: 'stage1', ...config }, { resume, force })
    try {
      const run = { languages, teacher, settings, dir: out, cacheDir, resume }
      if (texts) await runTextStage({ ...run, texts, open: corpus === 'emoji-names' ? await openCorpus('emoji', { languages }) : undefined })
      else await runStage1({ ...run, open: open! })
    } finally {
      await teacher.release()
    }
    const next = texts ? '--corpus CORPUS' : `--corpus ${corpus}`
    console.log(`Student in ${out}/student. Next: npm run stage2 -- --from ${out} ${next} --out RUN`)
  },
}
