import type { Stats } from 'node:fs'
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'

/** Bytes that a file may have: what is larger is no picture. */
const most = 1e9

/**
 * Reads a file, and nothing else: a pipe would wait for ever, a device would never end.
 * @throws Error for what is no file, and for a file of more than 1 GB
 */
export async function readRegularFile(path: string): Promise<Buffer> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK) // a pipe without a writer would hold it here already
  try {
    const stats = await handle.stat()
    const reason = notRegular(stats)
    if (reason) throw new Error(`${path} is ${reason}`)
    if (stats.size > most) throw new Error(`${path} has ${stats.size} bytes: more than ${most}`)
    return await handle.readFile()
  } finally {
    await handle.close()
  }
}

/** What a file is where it is no regular one. */
export function notRegular(stats: Stats): string | undefined {
  if (stats.isFile()) return undefined
  if (stats.isDirectory()) return 'a folder'
  if (stats.isFIFO()) return 'a pipe'
  return stats.isSocket() ? 'a socket' : 'a device'
}
