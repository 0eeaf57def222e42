import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type DiskCall, watchDisk } from '../../base/disk.ts'
import { run } from '../../cli/run.ts'
import { filesOf, type Job, type Place } from './place.ts'

/** How a call ended: exit code and what it said. */
export interface Ending {
  code: number
  said: string
}

export type Disturbance = { kind: 'fail'; code: 'ENOSPC' | 'EIO' | 'EACCES' | 'EROFS' } | { kind: 'end' }

/** Runs a command in this process. */
export async function call(args: string[]): Promise<Ending> {
  let said = ''
  const write = (text: string) => {
    said += text
  }
  const code = await run(args, undefined, { stdout: { write }, stderr: { write } })
  return { code, said }
}

/** The calls that change the disk while a command runs, in order. */
export async function callsOf(args: string[]): Promise<{ calls: DiskCall[]; ending: Ending }> {
  const calls: DiskCall[] = []
  const stop = watchDisk((made) => void calls.push(made))
  try {
    return { ending: await call(args), calls }
  } finally {
    stop()
  }
}

/**
 * Runs a command whose disk call number `at` fails: that one, or, as if the process ended just before it, that one and all after it. A process that ends leaves
 * its locks; here it lives on, so they are taken away, as who comes next would.
 */
export async function disturbed(place: Place, args: string[], at: number, disturbance: Disturbance): Promise<Ending & { path?: string }> {
  let made = 0
  let path: string | undefined
  const stop = watchDisk((asked) => {
    const number = made++
    const isOver = disturbance.kind === 'end' ? number >= at : number === at
    if (!isOver) return
    path ??= asked.path
    const code = disturbance.kind === 'fail' ? disturbance.code : 'EIO'
    throw Object.assign(new Error(`${code}: made up, ${asked.name} '${asked.path}'`), { code, path: asked.path })
  })
  try {
    return { ...(await call(args)), path }
  } finally {
    stop()
    if (disturbance.kind === 'end') await removeLocks(place.dir)
  }
}

async function removeLocks(dir: string): Promise<void> {
  for (const name of await readdir(dir, { recursive: true })) if (name.endsWith('.lock')) await rm(join(dir, name), { force: true })
}

/** The files whose bytes have to be the same whatever happened before. */
export async function resultsOf(place: Place, job: Job): Promise<Map<string, string>> {
  const files = await filesOf(place, job.out)
  return new Map([...files].filter(([file]) => job.isResult(file)).map(([file, bytes]) => [file, bytes.toString('base64')]))
}

/** Files that no command may leave behind. */
export async function temporaries(place: Place): Promise<string[]> {
  return (await readdir(place.dir, { recursive: true })).filter((name) => /\.tmp$|\.unfinished$|\.replaced$|\.lock$/.test(name))
}
