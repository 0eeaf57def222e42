import { spawn } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { nodeArguments } from '../../base/own-modules.ts'
import { openDatabase } from '../../search/index/database.ts'

interface Request {
  model: string
  images: string
  out: string
  /** When the process is killed: once the table has so many rows. */
  stop?: { table: 'images' | 'graph'; rows: number }
}

export interface IndexCall {
  seconds: number
  /** What the file holds then: its size, and the rows of its tables. */
  megabytes: number
  images: number
  graph: number
}

const main = fileURLToPath(new URL('../../cli/main.ts', import.meta.url))
/** Milliseconds between two looks into the index. */
const pause = 100

/**
 * The command `index --approximate` in a process of its own, until it ends or is killed.
 * @throws Error for another end than the one asked for
 */
export async function runIndex({ model, images, out, stop }: Request): Promise<IndexCall> {
  const began = performance.now()
  const args = [...nodeArguments(), main, 'index', model, '--images', images, '--out', out, '--approximate']
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  const ended = new Promise<string>((resolve, reject) => child.on('exit', (code, signal) => resolve(signal ?? `${code}`)).on('error', reject))
  while (stop && child.exitCode === null && (await rowsOf(out, stop.table)) < stop.rows) await new Promise((done) => setTimeout(done, pause))
  if (stop) child.kill('SIGKILL')
  const end = await ended
  if (end !== (stop ? 'SIGKILL' : '0')) throw new Error(`index ${out}: ended with ${end}`)
  const seconds = (performance.now() - began) / 1000
  return { seconds, megabytes: (await stat(out)).size / 1e6, images: await rowsOf(out, 'images'), graph: await rowsOf(out, 'graph') }
}

/** 0 while there is no such table; all tables but the graph come with the file's first bytes. */
async function rowsOf(file: string, table: 'images' | 'graph'): Promise<number> {
  const info = await stat(file).catch(() => undefined)
  if (!info?.size) return 0
  const db = await openDatabase(file)
  try {
    const [there] = db.all(`SELECT count(*) AS n FROM sqlite_master WHERE name = '${table}'`)
    return there!.n === 0 ? 0 : Number(db.all(`SELECT count(*) AS n FROM ${table}`)[0]!.n)
  } finally {
    db.close()
  }
}
