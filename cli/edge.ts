import { edgeSettings } from '../stages/settings/edge.ts'
import type { Command } from './command.ts'

export const edge: Command<typeof edgeSettings> = {
  name: 'edge',
  schema: edgeSettings,
  examples: ['edge runs/distill', 'edge runs/emoji --corpus emoji --teacher models/teachers/bridged'],
  async run(config) {
    const [{ measureEdge }, { edgeMarkdown }] = await Promise.all([import('../stages/edge.ts'), import('../export/edge-files.ts')])
    const { report, files, measured } = await measureEdge(config)
    console.log(`${edgeMarkdown(report)}\n\n${files.join('\n')}`)
    if (!measured) console.log('Recall was not measured: name a --corpus.')
  },
}
