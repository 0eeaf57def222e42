import { z } from 'zod'
import { shippedTeacher } from '../../run/shipped-teacher.ts'
import { pictureSettings } from '../../training/picture-settings.ts'
import { poolSettings } from '../../training/pool-settings.ts'
import { runSettings } from '../../training/run-settings.ts'
import { stage1Settings } from '../../training/stage1-settings.ts'
import { corpusSettings, shippedRecipe, teacherScaleSetting, teacherSetting } from './shared.ts'

const { textLimit, stage1 } = shippedRecipe

export const stage1CommandSettings = z.object({
  ...corpusSettings,
  corpus: corpusSettings.corpus.meta({
    description: 'emoji, emoji-names, or a .csv, .tsv or .jsonl file; without images the text tower alone learns',
  }),
  teacher: teacherSetting.meta({ ...teacherSetting.meta(), presets: { [shippedTeacher]: { textLimit, ...stage1 } } }),
  teacherScale: teacherScaleSetting,
  ...poolSettings.shape,
  ...pictureSettings.shape,
  ...stage1Settings.shape,
  ...runSettings.shape,
  out: runSettings.shape.out.default('runs/stage1'),
})

export type Stage1CommandSettings = z.output<typeof stage1CommandSettings>
