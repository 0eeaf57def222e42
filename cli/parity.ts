import { z } from 'zod'
import { UserError } from '../base/errors.ts'
import { brokenPromises, compareParity, leastParity, parityTable } from '../web/parity/parity.ts'
import type { Command } from './command.ts'
import { dtypeOption } from './options.ts'

const schema = z.object({
  model: z.string().describe('folder of an exported model, or of a run that has one'),
  dtype: dtypeOption.unwrap().default('fp32').describe('number format to compare'),
  images: z.array(z.string()).min(1).optional().describe('picture files to compare on (default: four made-up ones that are hard to agree on)'),
  browser: z.boolean().default(true).describe('comparison in Chromium too, where it is installed; --no-browser leaves it out'),
  json: z.boolean().default(false).describe('print JSON'),
})

export const parity: Command<typeof schema> = {
  name: 'parity',
  description: 'Compare embeddings of the same files and texts: as in training, in Node, and in the browser.',
  schema,
  positional: 'model',
  examples: ['parity runs/distill', 'parity runs/distill/export --images photo.jpg,logo.png'],
  async run({ model, json, ...options }) {
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
