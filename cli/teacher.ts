import { commandLine } from '../run/command-line.ts'
import { stage1CommandSettings } from '../stages/settings/stage1.ts'
import { teacherCommandSettings } from '../stages/settings/teacher.ts'
import type { Command } from './command.ts'

export const teacher: Command<typeof teacherCommandSettings> = {
  name: 'teacher',
  schema: teacherCommandSettings,
  examples: ['teacher --out runs/teacher', 'teacher --corpus photos.csv --languages en,de --steps 5000 --out runs/teacher'],
  async run(config) {
    const { makeTeacher } = await import('../stages/make-teacher.ts')
    const { corpus, imagesDir, captionLanguage, quoting, languages } = config
    const { exportDir } = await makeTeacher(config)
    const next = commandLine('stage1', stage1CommandSettings, {
      teacher: exportDir,
      corpus,
      imagesDir,
      captionLanguage,
      quoting,
      languages,
      out: 'RUN',
    })
    console.log(`Teacher in ${exportDir}. Use it: ${next}`)
  },
}
