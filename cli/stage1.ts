import { commandLine } from '../run/command-line.ts'
import { stage1CommandSettings } from '../stages/settings/stage1.ts'
import { stage2CommandSettings } from '../stages/settings/stage2.ts'
import type { Command } from './command.ts'

export const stage1: Command<typeof stage1CommandSettings> = {
  name: 'stage1',
  schema: stage1CommandSettings,
  examples: ['stage1 --corpus photos.csv --languages en,zh --teacher TEACHER --out runs/one', 'stage1 --out runs/one --resume'],
  async run(config) {
    const { distillFeatures } = await import('../stages/distill-features.ts')
    const { out } = config
    const { textsAlone } = await distillFeatures(config)
    const next = commandLine('stage2', stage2CommandSettings, { model: out, ...(textsAlone && { corpus: 'CORPUS' }), out: 'RUN' })
    console.log(`Student in ${out}/student. Next: ${next}`)
  },
}
