import { z } from 'zod'
import { compareRuns } from '../eval/compare.ts'
import { renderComparison, renderRuns } from '../report/comparison.ts'
import { writeComparison } from '../report/comparison-files.ts'
import { readRuns } from '../report/runs.ts'
import { dtypes, modelNames } from '../report/schema.ts'
import type { Command } from './command.ts'

const schema = z.object({
  runs: z.array(z.string()).min(2).describe('folders with a report.json, two or more; the first is what the others are held against'),
  model: z.enum(modelNames).default('student').describe('whose recall'),
  dtype: z.enum(dtypes).default('fp32').describe('in which number format'),
  protocol: z.array(z.string()).min(1).optional().describe('protocols to compare on (default: all that the runs share)'),
  out: z.string().default('runs/comparison').describe('folder for comparison.json, comparison.md and comparison.html'),
  seed: z.int().default(1).describe('seed of the bootstrap'),
})

export const compare: Command<typeof schema> = {
  name: 'compare',
  description: 'Put evaluated runs side by side, with the significance of their differences on the same queries.',
  schema,
  positional: 'runs',
  examples: ['compare runs/distill runs/other --out runs/comparison', 'compare runs/a runs/b runs/c --dtype q8 --protocol unseen-style/openmoji'],
  async run({ runs: dirs, protocol, out, ...options }) {
    const runs = await readRuns(dirs)
    const comparison = compareRuns(runs, { ...options, protocols: protocol })
    const files = await writeComparison(out, comparison, runs)
    console.log(`${renderComparison(comparison)}\n${renderRuns(runs, comparison)}\n${files.join('\n')}`)
  },
}
