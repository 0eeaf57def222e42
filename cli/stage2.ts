import { commandLine } from '../run/command-line.ts'
import { evaluateSettings } from '../stages/settings/evaluate.ts'
import { stage2CommandSettings } from '../stages/settings/stage2.ts'
import type { Command } from './command.ts'

export const stage2: Command<typeof stage2CommandSettings> = {
  name: 'stage2',
  schema: stage2CommandSettings,
  examples: ['stage2 runs/one --out runs/two', 'stage2 runs/one --pairs pairs.csv --steps 300 --out runs/two'],
  async run(config) {
    const { alignPairs } = await import('../stages/align-pairs.ts')
    const { out } = config
    await alignPairs(config)
    console.log(`Student in ${out}/student. Next: ${commandLine('evaluate', evaluateSettings, { model: out, out })}`)
  },
}
