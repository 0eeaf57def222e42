import { stat } from 'node:fs/promises'
import { basename, relative, resolve, sep } from 'node:path'
import pLimit from 'p-limit'
import { readRegularFile } from '../base/regular-file.ts'
import { notice } from '../base/watch.ts'
import { listImages } from './image-files.ts'
import type { Sample } from './sample.ts'

/** Pictures that are learnt beside a corpus or alone; how they are captioned, if they are, is for their user to ask. */
export interface Pictures {
  name: string
  samples: Sample[]
}

/**
 * The pictures of a folder and its subfolders as samples without captions; an id is a path in the folder. Says which pictures cannot be read.
 * @throws UserError for a folder that is missing or holds no pictures
 */
export async function pictureFolder(folder: string): Promise<Pictures> {
  const { paths, skipped } = await listImages(folder)
  for (const { path, reason } of skipped) notice(`${path}: ${reason}`)
  const limit = pLimit(32)
  const samples = await limit.map(paths, async (path): Promise<Sample> => {
    const { size, mtimeMs: modified } = await stat(path)
    const id = relative(folder, path).split(sep).join('/')
    const image = { key: id, path: resolve(path), fingerprint: `${size}`, modified, read: () => readRegularFile(path) }
    return { id, captions: {}, image }
  })
  return { name: basename(resolve(folder)), samples }
}
