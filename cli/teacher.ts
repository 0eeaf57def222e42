import { teacherCommandSettings } from '../stages/settings/teacher.ts'
import type { Command } from './command.ts'
import { distillLine } from './distill-line.ts'

export const teacher: Command<typeof teacherCommandSettings> = {
  name: 'teacher',
  schema: teacherCommandSettings,
  examples: ['teacher --out runs/teacher', 'teacher --corpus photos.csv --languages en,de --steps 5000 --out runs/teacher'],
  async run(config) {
    const { makeTeacher } = await import('../stages/make-teacher.ts')
    const { exportDir } = await makeTeacher(config)
    console.log(`Teacher in ${exportDir}. Use it: ${distillLine(exportDir, config)}`)
  },
}
