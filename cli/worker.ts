import { workerSettings } from '../stages/settings/worker.ts'
import type { Command } from './command.ts'

export const worker: Command<typeof workerSettings> = {
  name: 'worker',
  schema: workerSettings,
  examples: ['worker --queue redis://HOST', 'worker --queue redis://HOST --cache-dir /shared/cache --once'],
  async run(config) {
    const { work } = await import('../stages/worker.ts')
    await work(config)
  },
}
