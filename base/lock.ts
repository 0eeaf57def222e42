import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, resolve } from 'node:path'
import { mkdir, openToWrite, rename, rm } from './disk.ts'
import { UserError } from './errors.ts'
import { notice } from './watch.ts'

/** What a lock file holds. */
interface Holder {
  pid: number
  host: string
  /** When the process started, as the system counts (see startOf); a later process may get the same pid. */
  started: string
}

/**
 * Does `body` while `file` says that this process works on `what`. A lock whose process has ended is taken over.
 * @throws UserError where another process holds it, on this machine or another
 */
export async function withLock<T>(file: string, what: string, body: () => Promise<T>): Promise<T> {
  const release = await lock(file, what)
  try {
    return await body()
  } finally {
    await release()
  }
}

/** Locks of this process: one of its own files that is none of these could not be removed when it was given back. */
const own = new Set<string>()

/** Takes the lock; returns what gives it back. Throws as withLock does. */
export async function lock(file: string, what: string): Promise<() => Promise<void>> {
  await mkdir(dirname(file)).catch((error: NodeJS.ErrnoException) => {
    const hint = 'Name a file in a folder that can be written.'
    throw new UserError({ where: file, expected: 'a file in a folder', got: `${error.code} at ${dirname(file)}`, hint })
  })
  const holder: Holder = { pid: process.pid, host: hostname(), started: await startOf(process.pid) }
  for (let tries = 0; tries < 3; tries++) {
    if (await create(file, holder)) {
      own.add(resolve(file))
      return () => giveBack(file)
    }
    const text = await readFile(file, 'utf8').catch(() => undefined)
    if (text === undefined) continue // given back in between
    const other = parse(text)
    if (other && (await isHeld(file, other))) throw held(file, what, other)
    await discard(file, text)
  }
  throw held(file, what)
}

/** What was done under the lock is done: one that cannot be removed is reported, no more, and this process does not take it for held. */
async function giveBack(file: string): Promise<void> {
  own.delete(resolve(file))
  await rm(file).catch((error: Error) => notice(`${file}: the lock could not be removed (${error.message}); delete it`))
}

async function create(file: string, holder: Holder): Promise<boolean> {
  const writer = await openToWrite(file, 'wx').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  if (!writer) return false
  try {
    await writer.write(`${JSON.stringify(holder)}\n`)
    return true
  } catch (error) {
    await rm(file)
    throw error
  } finally {
    await writer.close()
  }
}

/** Removes a lock that nobody holds; another process may have replaced it since it was read, and then gets it back. */
async function discard(file: string, text: string): Promise<void> {
  const aside = `${file}.${process.pid}`
  await rename(file, aside).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
  const moved = await readFile(aside, 'utf8').catch(() => undefined)
  if (moved !== undefined && moved !== text) await rename(aside, file)
  await rm(aside)
}

function parse(text: string): Holder | undefined {
  try {
    const holder = JSON.parse(text) as Partial<Holder> | null
    const isHolder = Number.isInteger(holder?.pid) && typeof holder?.host === 'string' && typeof holder.started === 'string'
    return isHolder ? (holder as Holder) : undefined
  } catch {
    return undefined // written by a process that was killed while it wrote
  }
}

async function isHeld(file: string, holder: Holder): Promise<boolean> {
  if (holder.host === hostname() && holder.pid === process.pid) return own.has(resolve(file))
  return await isAlive(holder)
}

/** Of another machine nothing can be known: its lock holds. */
async function isAlive({ pid, host, started }: Holder): Promise<boolean> {
  if (host !== hostname()) return true
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false // EPERM: it lives, and belongs to another user
  }
  const now = await startOf(pid)
  return now === '' || started === '' || now === started
}

/** When a process started, in clock ticks since the machine did (Linux: field 22 of /proc/PID/stat); empty where that is not known. */
async function startOf(pid: number): Promise<string> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? ''
}

function held(file: string, what: string, holder?: Holder): UserError {
  const by = holder ? `process ${holder.pid} on ${holder.host}` : 'another process'
  const isHere = !holder || holder.host === hostname()
  return new UserError({
    where: what,
    expected: 'one process at a time',
    got: `${by}, which works on it`,
    hint: isHere ? 'Wait until it has ended, or name another.' : `Wait until it has ended; delete ${file} if it has.`,
  })
}
