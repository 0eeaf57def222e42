import { z } from 'zod'
import { openCorpus } from '../corpora/open.ts'
import { openTeacher } from '../models/teachers/onnx-folder.ts'
import { openRunFolder } from '../stages/run-folder.ts'
import { runStage1, stage1Settings } from '../stages/stage1.ts'
import type { Command } from './command.ts'
import { corpusOptions, runOptions, teacherFolder, teacherOption } from './options.ts'

const schema = stage1Settings.extend({
  ...corpusOptions,
  teacher: teacherOption,
  out: z.string().default('runs/stage1').describe('run folder'),
  ...runOptions,
})

export const stage1: Command<typeof schema> = {
  name: 'stage1',
  description: "Stage 1: distil a teacher's image and text features into a student made from random weights.",
  schema,
  async run(config) {
    const { corpus, imagesDir, languages, teacher: teacherDir, out, cacheDir, resume, force, ...settings } = config
    const open = await openCorpus(corpus, { languages, imagesDir })
    const teacher = await openTeacher(teacherFolder(teacherDir), { threads: settings.threads })
    await openRunFolder(out, { command: 'stage1', ...config }, { resume, force })
    try {
      await runStage1({ open, languages, teacher, settings, dir: out, cacheDir, resume })
    } finally {
      await teacher.release()
    }
    console.log(`Student in ${out}/student. Next: npm run stage2 -- --from ${out} --corpus ${corpus} --out RUN`)
  },
}
