import { z } from 'zod'
import { runSettings } from '../../training/run-settings.ts'
import { teacherSettings } from '../../training/teacher-settings.ts'
import { corpusSettings } from './shared.ts'

export const teacherCommandSettings = z.object({
  ...corpusSettings,
  ...teacherSettings.shape,
  ...runSettings.shape,
  out: runSettings.shape.out.default('runs/teacher'),
  exportDir: z
    .string()
    .optional()
    .meta({ description: 'where the fp16 ONNX folder goes (default: OUT/export)', group: 'Output', usual: true, decides: 'results' }),
})

export type TeacherCommandSettings = z.output<typeof teacherCommandSettings>
