import { z } from 'zod'
import type { Command } from './command.ts'
import { completionScript, shells } from './completion-script.ts'

const schema = z.object({
  shell: z.enum(shells).meta({ description: 'whose completion', group: 'Input', usual: true, positional: true }),
})

export const completion: Command<typeof schema> = {
  name: 'completion',
  schema,
  examples: ['completion bash >> ~/.bashrc', 'completion fish > ~/.config/fish/completions/distilingual.fish'],
  async run({ shell }, table) {
    process.stdout.write(await completionScript(shell, table))
  },
}
