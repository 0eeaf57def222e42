import { certainty } from '../export/certainty.ts'
import type { ExportedFiles } from '../export/exported-files.ts'
import { languageName, megabytes, percent } from '../report/format.ts'
import { exportSettings } from '../stages/settings/export.ts'
import type { Command } from './command.ts'
import { thresholdText } from './threshold-text.ts'

export const exportModel: Command<typeof exportSettings> = {
  name: 'export',
  schema: exportSettings,
  examples: ['export runs/distill --out runs/emoji --dtype fp32,q8 --max-drop 0.5', 'export runs/distill --out runs/emoji --keep-fp32 auto'],
  async run(config) {
    const recipe = await import('../stages/export.ts')
    const { measured, ...files } = await recipe.exportModel(config)
    print(files)
    if (measured) console.log(thresholdText(files.thresholds))
    else console.log('Not measured: name a --corpus to check what each format loses.')
    console.log(`Exported to ${config.out}. Search with it:\n  npx distilingual search ${config.out} --images FOLDER "bicycle"`)
  },
}

function print({ sizes, parity, recall }: ExportedFiles): void {
  for (const { dtype, bytes } of sizes) {
    const { image, text } = parity.find((row) => row.dtype === dtype)!
    const lost = recall
      .filter((row) => row.dtype === dtype)
      .map((row) => `${languageName(row.language)} ${percent(row.meanRecall)} % (lost ${row.drop.toFixed(2)}; ${certainty(row)})`)
    const towers = `image ${megabytes(bytes.vision_model)}, text ${megabytes(bytes.text_model)}`
    const cosines = `least cosine to the training graph ${image.least.toFixed(6)}, ${text.least.toFixed(6)}`
    console.log(`${dtype.padEnd(4)}  ${towers}; ${cosines}${lost.length ? `; mean recall ${lost.join(', ')}` : ''}`)
  }
}
