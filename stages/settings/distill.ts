import { z } from 'zod'
import { pictureSettings } from '../../training/picture-settings.ts'
import { poolSettings } from '../../training/pool-settings.ts'
import { runSettings } from '../../training/run-settings.ts'
import { stage1Settings } from '../../training/stage1-settings.ts'
import { stage2Settings } from '../../training/stage2-settings.ts'
import { alsoSetting, corpusSettings, exportDtypeSetting, maxDropSetting, teacherScaleSetting, teacherSetting } from './shared.ts'

/** What --quick stands for: a first look, not a result. */
const quick = {
  stage1: { steps: 300, warmup: 30, variants: 1 },
  stage2: { steps: 50, warmup: 10 },
  dtype: ['fp32', 'q8'],
}

export const distillSettings = z.object({
  ...corpusSettings,
  quick: z
    .boolean()
    .default(false)
    .meta({
      description: 'a first look: fewer steps, one augmented version of every image, one protocol in the report; other flags win',
      group: 'Training',
      usual: true,
      decides: 'results',
      presets: { true: quick },
    }),
  teacher: teacherSetting,
  teacherScale: teacherScaleSetting,
  ...poolSettings.shape,
  ...pictureSettings.shape,
  stage1: stage1Settings.prefault({}),
  stage2: stage2Settings.prefault({}),
  protocol: z.array(z.string()).optional().meta({
    description: 'protocols of the final evaluation (default: for emoji all, for a file its splits but train)',
    group: 'Evaluation',
    decides: 'results',
  }),
  also: alsoSetting,
  dtype: exportDtypeSetting,
  maxDrop: maxDropSetting,
  baseline: z.boolean().default(false).meta({
    description: 'also train a student of the same size and budget without a teacher (best of three learning rates)',
    group: 'Evaluation',
    decides: 'results',
  }),
  ...runSettings.shape,
  out: runSettings.shape.out.default('runs/distill'),
})

export type DistillSettings = z.output<typeof distillSettings>
