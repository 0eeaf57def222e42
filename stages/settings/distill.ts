import { z } from 'zod'
import { shippedTeacher } from '../../run/shipped-teacher.ts'
import { pictureSettings } from '../../training/picture-settings.ts'
import { poolSettings } from '../../training/pool-settings.ts'
import { runSettings } from '../../training/run-settings.ts'
import { stage1Settings } from '../../training/stage1-settings.ts'
import { stage2Settings } from '../../training/stage2-settings.ts'
import { alsoSetting, corpusSettings, exportDtypeSetting, maxDropSetting, teacherScaleSetting, teacherSetting } from './shared.ts'
import { shippedRecipe } from './shipped-recipe.ts'

/** What --quick stands for: a first look, not a result. */
const quick = {
  textLimit: 20_000,
  stage1: { steps: 300, warmup: 30 },
  stage2: { steps: 50, warmup: 10 },
  dtype: ['fp32', 'q8'],
}

const { pool, stage1, stage2 } = shippedRecipe

/** What needs no pair of a picture and a caption; a broken file among thousands is no reason to stop. */
const unpaired = { onBadSample: 'skip', stage1: { objective: 'fd:4,crd:1,icl:1' } }

export const distillSettings = z.object({
  images: z
    .string()
    .optional()
    .meta({
      description: 'folder of pictures without captions, in place of a corpus: the teacher captions them with texts of the pool',
      group: 'Input',
      usual: true,
      path: 'one',
      presets: { '*': unpaired },
    }),
  ...corpusSettings,
  quick: z
    .boolean()
    .default(false)
    .meta({
      description: 'a first look: fewer steps and texts, one protocol in the report; other flags win',
      group: 'Training',
      usual: true,
      decides: 'results',
      presets: { true: quick },
    }),
  teacher: teacherSetting.meta({ ...teacherSetting.meta(), presets: { [shippedTeacher]: { ...pool, stage1, stage2 } } }),
  teacherScale: teacherScaleSetting,
  ...poolSettings.shape,
  ...pictureSettings.shape,
  stage1: stage1Settings.extend({ steps: stage1Settings.shape.steps.meta({ usual: undefined }) }).prefault({}),
  stage2: stage2Settings.extend({ steps: stage2Settings.shape.steps.meta({ usual: undefined }) }).prefault({}),
  protocol: z.array(z.string()).optional().meta({
    description: 'protocols of the final evaluation (default: for emoji those of the headline and two styles, for a file its splits but train)',
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
