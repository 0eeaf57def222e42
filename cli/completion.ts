import { z } from 'zod'
import type { Command } from './command.ts'
import { completionScript, shells } from './completion-script.ts'

const schema = z.object({
  shell: z.enum(shells).meta({ description: 'whose completion', group: 'Input', usual: true, positional: true }),
})

export const completion: Command<typeof schema> = {
  name: 'completion',
  description: 'Print a script that has a shell complete commands, flags and their choices.',
  schema,
  examples: ['completion bash >> ~/.bashrc', 'completion fish > ~/.config/fish/completions/distilingual.fish'],
  async run({ shell }, table) {
    const all = await Promise.all(Object.values(table).map((load) => load()))
    process.stdout.write(completionScript(shell, all))
  },
}
