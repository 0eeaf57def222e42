import { z } from 'zod'
import { dtypes, modelNames } from '../report/schema.ts'
import type { Command } from './command.ts'

const schema = z.object({
  runs: z.array(z.string()).min(2).meta({
    description: 'folders with a report.json, two or more; the first is what the others are held against',
    group: 'Input',
    usual: true,
    positional: true,
    path: 'list',
  }),
  model: z.enum(modelNames).default('student').meta({ description: 'whose recall', group: 'Evaluation', usual: true }),
  dtype: z.enum(dtypes).default('fp32').meta({ description: 'in which number format', group: 'Evaluation', usual: true }),
  protocol: z
    .array(z.string())
    .min(1)
    .optional()
    .meta({ description: 'protocols to compare on (default: all that the runs share)', group: 'Evaluation', usual: true }),
  out: z.string().default('runs/comparison').meta({
    description: 'folder for comparison.json, comparison.md and comparison.html',
    group: 'Output',
    usual: true,
  }),
  seed: z.int().default(1).meta({ description: 'seed of the bootstrap', group: 'Evaluation' }),
})

export const compare: Command<typeof schema> = {
  name: 'compare',
  schema,
  examples: ['compare runs/distill runs/other --out runs/comparison', 'compare runs/a runs/b runs/c --dtype q8 --protocol unseen-style/openmoji'],
  async run(config) {
    const { comparisonOf } = await import('../stages/compare.ts')
    console.log(await comparisonOf(config))
  },
}
