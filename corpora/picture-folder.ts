import { stat } from 'node:fs/promises'
import { basename, relative, resolve, sep } from 'node:path'
import pLimit from 'p-limit'
import { UserError } from '../base/errors.ts'
import { readRegularFile } from '../base/regular-file.ts'
import { notice } from '../base/watch.ts'
import { type BadSample, leavingOut, type OnBadSample } from './bad-row.ts'
import { listImages } from './image-files.ts'
import { decodeErrors } from './readable.ts'
import type { Sample } from './sample.ts'

/** Pictures that are learnt beside a corpus or alone; how they are captioned, if they are, is for their user to ask. */
export interface Pictures {
  name: string
  samples: Sample[]
  /** What was left out because it cannot be used. */
  skipped?: BadSample[]
}

/**
 * The pictures of a folder and its subfolders as samples without captions; an id is a path in the folder. Says which formats cannot be read.
 * @param onBadSample skip: pictures that cannot be decoded are left out; every one is decoded to see
 * @throws UserError for a folder that is missing or holds no pictures that can be decoded
 */
export async function pictureFolder(folder: string, onBadSample?: OnBadSample): Promise<Pictures> {
  const { paths, skipped } = await listImages(folder)
  for (const { path, reason } of skipped) notice(`${path}: ${reason}`)
  const samples = await samplesOf(folder, paths)
  return await leavingOut(folder, onBadSample, async (onBad) => {
    const errors = onBad ? await decodeErrors(samples.map(({ image }) => image)) : []
    for (const error of errors) if (error) onBad!(error)
    const readable = samples.filter((_, i) => !errors[i])
    if (readable.length > 0) return { name: basename(resolve(folder)), samples: readable }
    const hint = 'Look at the first: it may be of a format that is not read.'
    throw new UserError({ where: folder, expected: 'pictures that can be decoded', got: `none of ${samples.length}`, hint })
  })
}

async function samplesOf(folder: string, paths: string[]): Promise<Sample[]> {
  const limit = pLimit(32)
  return await limit.map(paths, async (path): Promise<Sample> => {
    const { size, mtimeMs: modified } = await stat(path)
    const id = relative(folder, path).split(sep).join('/')
    const image = { key: id, path: resolve(path), fingerprint: `${size}`, modified, read: () => readRegularFile(path) }
    return { id, captions: {}, image }
  })
}
