import { z } from 'zod'
import { UserError } from '../base/errors.ts'
import { dtypeSetting, modelSetting } from '../stages/settings/shared.ts'
import type { Command } from './command.ts'

const schema = z.object({
  model: modelSetting('folder of an exported model, or of a run that has one'),
  dtype: dtypeSetting.default('fp32').meta({ description: 'number format to compare', group: 'Model', usual: true }),
  images: z.array(z.string()).min(1).optional().meta({
    description: 'picture files to compare on (default: four made-up ones that are hard to agree on)',
    group: 'Input',
    usual: true,
    path: 'list',
  }),
  browser: z
    .boolean()
    .default(true)
    .meta({ description: 'comparison in Chromium too, where it is installed; --no-browser leaves it out', group: 'Machine', usual: true }),
  json: z.boolean().default(false).meta({ description: 'print JSON', group: 'Output', usual: true }),
})

export const parity: Command<typeof schema> = {
  name: 'parity',
  schema,
  examples: ['parity runs/distill', 'parity runs/distill/export --images photo.jpg,logo.png'],
  async run({ model, json, ...options }) {
    const { brokenPromises, compareParity, leastParity, parityTable } = await import('../web/parity/parity.ts')
    const report = await compareParity(model, options)
    process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : `${parityTable(report)}\n`)
    if (report.missing) process.stderr.write(`Not compared in the browser: ${report.missing}.\n`)
    const broken = options.dtype === 'fp32' ? brokenPromises(report) : []
    if (broken.length === 0) return
    const expected = `cosines of at least ${leastParity.image} for images and ${leastParity.text} for texts`
    throw new UserError(
      { where: model, expected, got: broken.join('; '), hint: 'With pictures of your own, prepare them as the model card shows.' },
      3,
    )
  },
}
