import { z } from 'zod'
import { imageTimeoutSetting } from '../../training/run-settings.ts'
import { dataSettings, languageList, modelSetting, verifySetting } from './shared.ts'

export const demoSettings = z.object({
  model: modelSetting('folder of an exported model, or of a run that has one'),
  verify: verifySetting,
  corpus: dataSettings.corpus,
  imagesDir: dataSettings.imagesDir,
  imageTimeout: imageTimeoutSetting,
  protocol: z
    .string()
    .optional()
    .meta({ description: 'which of the corpus (default: its test split; for emoji unseen-style/openmoji)', group: 'Input', usual: true }),
  languages: languageList.optional().meta({
    description:
      "languages of the page, BCP 47 (default: those of the model's run, else of English and Chinese what the corpus has, else its first two)",
    group: 'Input',
    usual: true,
  }),
  limit: z.int().positive().default(2000).meta({ description: 'pictures at most', group: 'Output', usual: true }),
  dtype: z
    .array(z.string())
    .min(1)
    .optional()
    .meta({ description: 'number formats to offer (default: all of the folder)', group: 'Output', usual: true, aliases: ['dtypes'] }),
  title: z.string().optional().meta({ description: 'title of the page', group: 'Output', usual: true }),
  out: z.string().default('runs/demo').meta({ description: 'folder to write the site to', group: 'Output', usual: true }),
  port: z.int().min(0).max(65535).default(8080).meta({ description: 'port to serve it on', group: 'Output', usual: true }),
  buildOnly: z.boolean().default(false).meta({ description: 'build the site and serve nothing', group: 'Output', usual: true }),
})

export type DemoSettings = z.output<typeof demoSettings>
