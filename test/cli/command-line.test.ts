import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import test from 'ava'
import { z } from 'zod'
import { withPresets } from '../../base/setting.ts'
import { commands } from '../../cli/commands.ts'
import { commandLine } from '../../run/command-line.ts'
import { runShow, showCommand } from './fixture.ts'

/** What a shell hands to the program for the words of a line. */
async function wordsOf(line: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)('sh', ['-c', `printf '%s\\0' ${line}`])
  return stdout.split('\0').slice(0, -1)
}

const configs: [what: string, args: string[], line: RegExp][] = [
  ['defaults alone', ['a'], /^npx distilingual show a$/],
  [
    'numbers, lists, switches and nested keys',
    ['a', '--rate', '1e-3', '--languages', 'en,fr', '--quiet', '--no-colour', '--inner.depth', '5'],
    /--rate 0.001 .*--no-colour/,
  ],
  ['text that a shell would change', ['it\'s $HOME `x` "two words" *'], /show 'it'\\''s /],
  ['either of two types', ['a', '--top', '3', '--sizes', '1,2'], /--top 3/],
]
for (const [what, args, expected] of configs) {
  test(`the line gives the same configuration again: ${what}`, async (t) => {
    const { config } = await runShow('show', ...args)
    const { schema } = showCommand(() => {})
    const line = commandLine('show', schema, config as object)
    t.regex(line, expected)
    const [npx, program, ...words] = await wordsOf(line)
    t.deepEqual([npx, program], ['npx', 'distilingual'])
    t.deepEqual((await runShow(...words)).config, config)
  })
}

test('how a run was started over is left out', async (t) => {
  const distill = await commands.distill!.load()
  const config = z.parse(distill.schema, withPresets(distill.schema, { resume: true, force: true, cacheDir: 'elsewhere', stage1: { steps: 7 } }))
  t.is(commandLine('distill', distill.schema, config), 'npx distilingual distill --stage1.steps 7')
})

test('a positional value that looks like a flag is written behind its own', (t) => {
  const { schema } = showCommand(() => {})
  t.is(commandLine('show', schema, { text: '-a' }), 'npx distilingual show --text -a')
})

test('what differs from a preset is given, what a preset sets is not', async (t) => {
  const distill = await commands.distill!.load()
  const line = (given: object) => commandLine('distill', distill.schema, z.parse(distill.schema, withPresets(distill.schema, { ...given })))
  t.is(line({}), 'npx distilingual distill')
  t.is(line({ stage1: { keepImageTower: false } }), 'npx distilingual distill --no-stage1.keep-image-tower')
  t.is(line({ teacher: 'mine' }), 'npx distilingual distill --teacher mine')
  t.is(line({ quick: true, stage2: { steps: 9 } }), 'npx distilingual distill --quick --stage2.steps 9')
})
