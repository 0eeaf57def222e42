import { execFile, spawnSync } from 'node:child_process'
import { promisify } from 'node:util'
import test from 'ava'
import { commands } from '../../cli/commands.ts'
import { completionScript, shells } from '../../cli/completion-script.ts'
import { flagsOf } from '../../cli/flags.ts'
import { run } from '../../cli/run.ts'
import { runShow, showCommand } from './fixture.ts'

const show = { description: 'Shows its configuration.', load: async () => showCommand(() => {}) }

/** What bash completes a line to, by its own rules. */
async function completed(...words: string[]): Promise<string[]> {
  const code = `${await completionScript('bash', { show })}
    COMP_WORDS=(distilingual ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}
    _distilingual; printf '%s\\n' "\${COMPREPLY[@]}"`
  const { stdout } = await promisify(execFile)('bash', ['--norc', '-c', code])
  return stdout.split('\n').filter((line) => line !== '')
}

test('bash completes commands, flags and choices', async (t) => {
  t.deepEqual(await completed('s'), ['show'])
  t.deepEqual(await completed('show', '--st'), ['--steps'])
  t.deepEqual(await completed('show', '--no'), ['--no-colour'])
  t.deepEqual(await completed('show', '--mode', 'f'), ['fast'])
  t.deepEqual(await completed('show', 'some'), [], 'left to the file names that bash knows')
})

for (const shell of shells) {
  test(`${shell} can read the script of all commands`, async (t) => {
    const script = await completionScript(shell, commands)
    for (const part of ['stage1.batch-size', 'no-reduce-range', 'flickr30k-cn']) t.true(script.includes(part), part)
    if (spawnSync(shell, ['-c', 'true']).status !== 0) return t.log(`${shell} is not installed: its syntax was not checked`)
    const { status, stderr } = spawnSync(shell, ['-n'], { input: script, encoding: 'utf8' })
    t.deepEqual([status, stderr], [0, ''])
  })
}

test('an unknown shell is refused', async (t) => {
  const written: string[] = []
  const stream = { write: (text: string) => void written.push(text) }
  t.is(await run(['completion', 'tcsh'], commands, { stdout: stream, stderr: stream }), 2)
  t.regex(written.join(''), /^--shell: expected one of bash, zsh, fish, got "tcsh"/)
})

test('every flag of every command says what it is, in a group; at most twelve of a command are usual', async (t) => {
  for (const { load } of Object.values(commands)) {
    const command = await load()
    const flags = flagsOf(command.schema)
    for (const { name, group, description } of flags) t.truthy(group && description, `${command.name} --${name}`)
    const usual = flags.filter((flag) => flag.usual || flag.required).length
    t.true(usual > 0 && usual <= 12, `${command.name}: ${usual} usual flags`)
    t.is(command.examples?.length, 2, command.name)
  }
})

test('examples of help can be read', async (t) => {
  t.like(await runShow('show', '--help'), { code: 0 })
  const { resolveConfig } = await import('../../cli/resolve.ts')
  for (const { load } of Object.values(commands)) {
    const command = await load()
    for (const example of command.examples!) {
      const [line] = example.split(/ >>? /) as [string]
      const { stdout } = await promisify(execFile)('bash', ['-c', `printf '%s\\0' ${line}`])
      const [name, ...args] = stdout.split('\0').slice(0, -1)
      t.is(name, command.name)
      t.notThrows(() => resolveConfig(command, args), example)
    }
  }
})
