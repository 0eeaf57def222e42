import { evaluateSettings } from '../stages/settings/evaluate.ts'
import type { Command } from './command.ts'

export const evaluate: Command<typeof evaluateSettings> = {
  name: 'evaluate',
  schema: evaluateSettings,
  examples: [
    'evaluate runs/distill --teacher models/teachers/bridged --out runs/measured',
    'evaluate runs/mine --corpus flickr30k-cn.csv --languages zh --known-set flickr30k-cn --out runs/flickr',
  ],
  async run(config) {
    const [recipe, { renderConsole }] = await Promise.all([import('../stages/evaluate.ts'), import('../report/console.ts')])
    const { report, files } = await recipe.evaluate(config)
    console.log(`${renderConsole(report)}\n${files.join('\n')}`)
  },
}
