import { z } from 'zod'
import type { Command } from './command.ts'

const schema = z.object({
  run: z.string().meta({
    description: 'run folder of stage1, stage2, teacher or distill, finished or not',
    group: 'Input',
    usual: true,
    positional: true,
    path: 'one',
  }),
  port: z.int().min(0).max(65535).default(8081).meta({ description: 'port to serve the page on (0: any free one)', group: 'Output', usual: true }),
})

export const watch: Command<typeof schema> = {
  name: 'watch',
  schema,
  examples: ['watch runs/distill', 'watch runs/distill --port 9000'],
  async run({ run, port }) {
    const { serveLive } = await import('../web/watch/live-server.ts')
    const server = await serveLive(run, { port })
    console.log(`${server.url}  (stop with Ctrl-C)`)
    await new Promise<void>((done) => process.once('SIGINT', done).once('SIGTERM', done))
    await server.close()
  },
}
