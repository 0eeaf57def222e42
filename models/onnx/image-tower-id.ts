import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import { hashFiles } from '../../base/hashes.ts'
import { withExternalData } from './files.ts'
import type { Preprocessing } from './preprocessing.ts'

/**
 * Names an image tower by what its embeddings of pictures depend on, and by nothing else: the bytes of its file, how pictures are prepared, the output that is read. So a
 * copy of it in another model's folder has the same name.
 */
export async function imageTowerId(file: string, { framing, size, mean, std, rescale }: Preprocessing, output: string): Promise<string> {
  const files = await withExternalData(file)
  const bytes = await Promise.all(files.map((one) => hashFiles(one, [one])))
  const external = files.slice(1).map((one) => basename(one))
  const read = JSON.stringify({ bytes, external, framing, size, mean, std, rescale, output })
  return `image-tower-${createHash('sha256').update(read).digest('hex').slice(0, 12)}`
}
