import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { nodeArguments } from '../../base/own-modules.ts'
import { makePlace } from '../../bench/soak/place.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const main = new URL('../../cli/main.ts', import.meta.url).pathname
/** What Ctrl-C may take to be answered, ms. */
const patience = 1000

/** Runs a command until its stderr has `label`, and interrupts it. → ms to its end, or to the line that says what it does first */
async function interrupted(args: string[], label: string): Promise<{ ms: number; code: number | null; signal: string | null; said: string }> {
  const child = spawn(process.execPath, [...nodeArguments(), main, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  let sent = Number.NaN
  let answered = Number.NaN
  child.stderr.on('data', (chunk) => {
    said += chunk
    if (Number.isNaN(sent) && said.includes(label)) {
      sent = performance.now()
      child.kill('SIGINT')
    } else if (Number.isNaN(answered) && said.includes('interrupted:')) answered = performance.now()
  })
  const exit = once(child, 'exit').then((ended) => {
    if (Number.isNaN(answered)) answered = performance.now()
    return ended
  })
  const [code, signal] = (await exit) as [number | null, string | null]
  return { ms: answered - sent, code, signal, said }
}

test.serial('Ctrl-C is answered within a second: while pictures are decoded, by the teacher, in evaluation and in export', async (t) => {
  t.timeout(300_000)
  const dir = await temporaryFolder(t)
  await makePlace(dir)
  const teacher = join(dir, 'teacher')
  const emoji = ['--corpus', 'emoji', '--languages', 'en', '--cache-dir', join(dir, 'cache')]
  const own = ['--corpus', join(dir, 'corpus.csv'), '--languages', 'de,fr', '--cache-dir', join(dir, 'own')]
  const moments: [label: string, args: string[]][] = [
    ['decode', ['evaluate', teacher, ...emoji, '--protocol', 'validation-concepts/100', '--out', join(dir, 'first')]],
    ['teacher', ['features', ...own, '--teacher', teacher, '--variants', '4000']],
    ['evaluate ', ['evaluate', teacher, ...emoji, '--protocol', 'validation-concepts/100', '--out', join(dir, 'report')]],
    ['recall ', ['export', teacher, ...emoji, '--out', join(dir, 'exported')]],
  ]
  for (const [label, args] of moments) {
    const { ms, signal, said } = await interrupted(args, label)
    t.is(signal, 'SIGINT', `${args[0]}: ${said}`)
    t.true(ms < patience, `${args[0]}, ${label}: ${ms} ms`)
  }
})

test.serial('Ctrl-C in a step is answered within a second, and leaves a checkpoint', async (t) => {
  t.timeout(300_000)
  const dir = await temporaryFolder(t)
  await makePlace(dir)
  const data = ['--corpus', join(dir, 'corpus.csv'), '--languages', 'de,fr', '--cache-dir', join(dir, 'cache'), '--teacher', join(dir, 'teacher')]
  const small = ['--tokenizer', join(dir, 'words'), '--variants', '2', '--batch-size', '4', '--steps', '1000000', '--threads', '1']
  const { ms, code, said } = await interrupted(['stage1', ...data, ...small, '--out', join(dir, 'run')], 'stage 1 ')
  t.is(code, 130, said)
  t.true(ms < patience, `${ms} ms`)
  t.true(existsSync(join(dir, 'run', 'checkpoints')), said)
})
