import { z } from 'zod'
import { serveLive } from '../web/watch/live-server.ts'
import type { Command } from './command.ts'

const schema = z.object({
  run: z.string().describe('run folder of stage1, stage2, teacher or distill, finished or not'),
  port: z.int().min(0).max(65535).default(8081).describe('port to serve the page on (0: any free one)'),
})

export const watch: Command<typeof schema> = {
  name: 'watch',
  description: 'Follow a run in the browser while it trains: loss, recall per language, learning rate, speed, time left.',
  schema,
  positional: 'run',
  examples: ['watch runs/distill'],
  async run({ run, port }) {
    const server = await serveLive(run, { port })
    console.log(`${server.url}  (stop with Ctrl-C)`)
    await new Promise<void>((done) => process.once('SIGINT', done).once('SIGTERM', done))
    await server.close()
  },
}
