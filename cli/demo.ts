import { demoSettings } from '../stages/settings/demo.ts'
import type { Command } from './command.ts'

export const demo: Command<typeof demoSettings> = {
  name: 'demo',
  schema: demoSettings,
  examples: ['demo runs/distill', 'demo runs/distill/export --corpus photos.csv --languages en,de --out site --build-only'],
  async run(config) {
    const { makeDemo } = await import('../stages/demo.ts')
    const { out, port } = config
    const { pictures, formats } = await makeDemo(config)
    const names = formats.map(({ dtype }) => dtype).join(', ')
    console.log(`${out}: ${pictures.count} pictures, ${names}. Any static web server can serve it, in any folder.`)
    if (config.buildOnly) return
    const { serveSite } = await import('../web/site/server.ts')
    const server = await serveSite(out, { port })
    console.log(`${server.url}  (stop with Ctrl-C)`)
    await new Promise<void>((done) => process.once('SIGINT', done).once('SIGTERM', done))
    await server.close()
  },
}
