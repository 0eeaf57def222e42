import { z } from 'zod'
import { poolSettings } from '../../training/pool-settings.ts'
import { runSettings } from '../../training/run-settings.ts'
import { stage2Settings } from '../../training/stage2-settings.ts'
import { dataSettings, modelSetting } from './shared.ts'

export const stage2CommandSettings = z.object({
  model: modelSetting('run or model folder that stage 1 left').meta({ aliases: ['from'] }),
  ...dataSettings,
  pairs: z.string().optional().meta({
    description:
      'file of clean pairs, whose train split is learnt: without a split column, 80 % of it; --images-dir holds for it, too (default: emoji names; for a file its own train split)',
    group: 'Input',
    usual: true,
    path: 'one',
  }),
  teacher: z.string().optional().meta({
    description: "folder of the teacher whose features of texts without images are kept (default: the run's)",
    group: 'Teacher',
    usual: true,
    path: 'one',
  }),
  ...poolSettings.shape,
  ...stage2Settings.shape,
  ...runSettings.shape,
  out: runSettings.shape.out.default('runs/stage2'),
})

export type Stage2CommandSettings = z.output<typeof stage2CommandSettings>
