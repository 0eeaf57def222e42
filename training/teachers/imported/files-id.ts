import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'

/** A digest of files by their names, sizes and times: their bytes are too many to be read. */
export async function filesId(files: readonly string[]): Promise<string> {
  const hash = createHash('sha256')
  for (const file of files) {
    const { size, mtimeMs } = await stat(file)
    hash.update(JSON.stringify([basename(file), size, mtimeMs]))
  }
  return hash.digest('hex').slice(0, 16)
}
