import { join } from 'node:path'
import { distillSettings } from '../stages/settings/distill.ts'
import type { Command } from './command.ts'
import { thresholdText } from './threshold-text.ts'

export const distill: Command<typeof distillSettings> = {
  name: 'distill',
  schema: distillSettings,
  examples: [
    'distill --images ~/Photos --out runs/photos',
    'distill --corpus photos.csv --languages en,zh --teacher TEACHER --stage1.augmentation mild --out runs/photos',
  ],
  async run(config) {
    const [recipe, { renderConsole }] = await Promise.all([import('../stages/distill.ts'), import('../report/console.ts')])
    const { report, files, thresholds } = await recipe.distill(config)
    console.log(`${renderConsole(report)}\n${thresholdText(thresholds)}\n\n${files.join('\n')}\n`)
    console.log(`Search with it:\n  npx distilingual search ${join(config.out, 'export')} --images ${config.images ?? 'FOLDER'} "自行车"`)
  },
}
