import { megabytes } from '../report/format.ts'
import { bridgeCommandSettings } from '../stages/settings/bridge.ts'
import type { Command } from './command.ts'
import { distillLine } from './distill-line.ts'

export const bridge: Command<typeof bridgeCommandSettings> = {
  name: 'bridge',
  schema: bridgeCommandSettings,
  examples: [
    'bridge --image-tower IMAGE --text-tower TEXT --pictures icons --prototypes classes.tsv --out runs/bridge',
    'bridge --image-tower IMAGE --text-tower TEXT --corpus photos.csv --languages en,ja --out runs/bridge',
  ],
  async run(config) {
    const [recipe, { renderConsole }] = await Promise.all([import('../stages/bridge.ts'), import('../report/console.ts')])
    const { exportDir, bytes, classWeight, scores, report } = await recipe.bridge(config)
    if (report) console.log(renderConsole(report))
    const recalls = config.languages.map((language) => `${language} ${(100 * scores[`validation_mean_recall_${language}`]!).toFixed(1)} %`)
    console.log(`Validation, mean recall: ${recalls.join(', ')}; weight of the class term ${classWeight}.`)
    const size = megabytes(bytes.vision_model + bytes.text_model)
    console.log(`Teacher in ${exportDir}, both towers ${size}. Use it: ${distillLine(exportDir, config, true)}`)
  },
}
