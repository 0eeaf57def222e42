/** A command that does nothing but show what it was given, and a way to run it without a process. */
import { z } from 'zod'
import { UserError } from '../../base/errors.ts'
import type { Command } from '../../cli/command.ts'
import { run } from '../../cli/run.ts'

const schema = z.object({
  text: z.string().meta({ description: 'what to show', positional: true }),
  steps: z
    .int()
    .positive()
    .default(100)
    .meta({ description: 'how often', group: 'Training', usual: true, aliases: ['times'] }),
  rate: z.number().gt(0).max(1).default(0.5).describe('how fast'),
  mode: z.enum(['slow', 'fast']).default('slow').describe('how'),
  languages: z.array(z.string()).min(1).default(['en', 'zh']).describe('in which languages'),
  sizes: z.array(z.int()).optional().describe('how large'),
  top: z
    .union([z.int(), z.literal('all')])
    .default('all')
    .describe('how many'),
  quiet: z.boolean().default(false).describe('without a word'),
  colour: z.boolean().default(true).describe('in colour'),
  batchSize: z.int().default(8).describe('how many at once'),
  inner: z.object({ depth: z.int().default(2).describe('how deep') }).prefault({}),
})

export const showCommand = (onRun: (config: z.output<typeof schema>) => void): Command<typeof schema> => ({
  name: 'show',
  schema,
  examples: ['show "a text"'],
  async run(config) {
    if (config.text === 'fault') throw new Error('broken inside')
    if (config.text.startsWith('exit ')) throw new UserError({ where: 'show', expected: 'x', got: 'y', hint: 'Do z.' }, Number(config.text.slice(5)))
    onRun(config)
  },
})

/** Runs a command line in this process; `config` is what the command got. */
export async function runShow(...args: string[]) {
  const written = { stdout: '', stderr: '' }
  const stream = (name: keyof typeof written) => ({
    write(text: string) {
      written[name] += text
    },
  })
  let config: unknown
  const table = {
    show: {
      description: 'Shows its configuration.',
      load: async () =>
        showCommand((got) => {
          config = got
        }),
    },
  }
  const code = await run(args, table, { stdout: stream('stdout'), stderr: stream('stderr') })
  return { code, config, ...written }
}
