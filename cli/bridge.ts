import { commandLine } from '../run/command-line.ts'
import { bridgeCommandSettings } from '../stages/settings/bridge.ts'
import { stage1CommandSettings } from '../stages/settings/stage1.ts'
import type { Command } from './command.ts'

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
    const { corpus, imagesDir, captionLanguage, quoting, languages } = config
    if (report) console.log(renderConsole(report))
    const recalls = languages.map((language) => `${language} ${(100 * scores[`validation_mean_recall_${language}`]!).toFixed(1)} %`)
    console.log(`Validation, mean recall: ${recalls.join(', ')}; weight of the class term ${classWeight}.`)
    const next = commandLine('stage1', stage1CommandSettings, {
      teacher: exportDir,
      corpus,
      imagesDir,
      captionLanguage,
      quoting,
      languages,
      out: 'RUN',
    })
    console.log(`Teacher in ${exportDir}, both towers ${((bytes.vision_model + bytes.text_model) / 1e6).toFixed(1)} MB. Use it: ${next}`)
  },
}
