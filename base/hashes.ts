import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { relative } from 'node:path'

/** Twelve hexadecimal digits of the names, relative to `dir`, and the contents of those files that exist. */
export async function hashFiles(dir: string, files: string[]): Promise<string> {
  const hash = createHash('sha256')
  for (const file of files) {
    if (!(await stat(file).catch(() => undefined))) continue
    hash.update(`${relative(dir, file)}\n`)
    for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer)
  }
  return hash.digest('hex').slice(0, 12)
}
