import { z } from 'zod'
import { runSettings } from '../../training/run-settings.ts'
import { dataSettings, modelSetting } from './shared.ts'

export const edgeSettings = z.object({
  model: modelSetting('folder of an exported model, or of a run that has one'),
  teacher: z.string().optional().meta({
    description: "ONNX folder to measure beside it (default: the run's teacher, if the folder is in a run)",
    group: 'Teacher',
    usual: true,
    path: 'one',
  }),
  dtype: z
    .array(z.string())
    .min(1)
    .optional()
    .meta({ description: 'number formats of the model (default: all that the folder has)', group: 'Evaluation', usual: true, aliases: ['dtypes'] }),
  ...dataSettings,
  rounds: z.int().min(10).default(100).meta({ description: 'timed runs of each model', group: 'Evaluation', usual: true }),
  cacheDir: runSettings.shape.cacheDir,
  imageTimeout: runSettings.shape.imageTimeout,
})

export type EdgeSettings = z.output<typeof edgeSettings>
