import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import test from 'ava'
import { watchDisk } from '../../base/disk.ts'
import { withLock } from '../../base/lock.ts'
import { nodeArguments } from '../../base/own-modules.ts'
import { watched } from '../../base/watch.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { throwsUserError } from '../user-error.ts'

const refused = { where: 'the run', got: /^process \d+ on ./ }

test('a lock is held while the body runs, and given back whatever happens', async (t) => {
  const file = join(await temporaryFolder(t), 'inner', '.lock')
  await withLock(file, 'the run', async () => {
    t.like(JSON.parse(await readFile(file, 'utf8')), { pid: process.pid, host: hostname() })
    await throwsUserError(t, () => withLock(file, 'the run', async () => t.fail()), refused)
    t.true(existsSync(file), 'a refused process does not give back what it does not hold')
  })
  await t.throwsAsync(
    withLock(file, 'the run', async () => {
      throw new Error('inside')
    }),
    { message: 'inside' },
  )
  t.false(existsSync(file))
})

test('the lock of a process that was killed is taken over', async (t) => {
  const file = join(await temporaryFolder(t), '.lock')
  const module = new URL('../../base/lock.ts', import.meta.url).href
  const code = `import { withLock } from ${JSON.stringify(module)}; await withLock(${JSON.stringify(file)}, 'x', () => new Promise((done) => setTimeout(done, 1e9)))`
  const child = spawn(process.execPath, [...nodeArguments(), '--input-type=module', '-e', code], { stdio: 'ignore' })
  const ended = new Promise((done) => child.once('close', done))
  while (!existsSync(file) || (await readFile(file, 'utf8')) === '') await new Promise((done) => setTimeout(done, 20))
  await throwsUserError(t, () => withLock(file, 'the run', async () => {}), refused, 'while it lives')
  child.kill('SIGKILL')
  await ended
  t.true(existsSync(file))
  t.is(await withLock(file, 'the run', async () => 'mine'), 'mine')
})

test('a pid that now belongs to a later process is no holder; another machine is', async (t) => {
  const file = join(await temporaryFolder(t), '.lock')
  const own = await startTicks(process.pid)
  await writeFile(file, JSON.stringify({ pid: process.pid, host: hostname(), started: `${Number(own) - 1}` }))
  if (own) t.is(await withLock(file, 'the run', async () => 'mine'), 'mine')
  await writeFile(file, JSON.stringify({ pid: 1, host: 'elsewhere', started: '1' }))
  const elsewhere = { got: /process 1 on elsewhere/, hint: /delete .*\.lock/ }
  await throwsUserError(t, () => withLock(file, 'the run', async () => {}), elsewhere)
  await writeFile(file, '{"pid":')
  t.is(await withLock(file, 'the run', async () => 'mine'), 'mine', 'written by a process that was killed while it wrote')
})

/** By ps, in the units of the lock; empty where there is no /proc. */
async function startTicks(pid: number): Promise<string> {
  const { stdout } = await promisify(execFile)('awk', ['{print $22}', `/proc/${pid}/stat`]).catch(() => ({ stdout: '' }))
  return stdout.trim()
}

test.serial('a lock that could not be removed is told of, and is no hindrance', async (t) => {
  const file = join(await temporaryFolder(t), '.lock')
  const lines: string[] = []
  const stop = watchDisk(({ name, path }) => {
    if (name === 'rm' && path === file) throw Object.assign(new Error('EIO: made up'), { code: 'EIO' })
  })
  await watched({ onNotice: (line) => lines.push(line) }, () => withLock(file, 'the run', async () => {}))
  stop()
  t.true(existsSync(file))
  t.true(lines.length === 1 && lines[0]!.includes(file) && lines[0]!.includes('EIO'), lines.join())
  t.is(await withLock(file, 'the run', async () => 'mine'), 'mine')
})
