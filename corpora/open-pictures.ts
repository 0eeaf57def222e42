import { stat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { UserError } from '../base/errors.ts'
import { openCorpus } from './open.ts'
import { type Pictures, pictureFolder } from './picture-folder.ts'
import { poolIcons } from './pool/icons.ts'
import type { Reading, Sample } from './sample.ts'

const icons = 'icons'
const iconsName = 'icons of open sets'

/**
 * Opens pictures by name: `icons`, those of open sets (poolIcons), a .csv, .tsv or .jsonl file, of which its train split is read, or a folder with pictures.
 * @param options how a file is read
 * @throws UserError for anything else, and as poolIcons, openCorpus and pictureFolder do
 */
export async function openPictures(nameOrFile: string, options: Reading = {}): Promise<Pictures> {
  if (nameOrFile === icons) return { name: iconsName, samples: poolIcons().samples }
  const isFolder = await stat(nameOrFile).then(
    (found) => found.isDirectory(),
    () => false,
  )
  if (isFolder) return await pictureFolder(nameOrFile, options.onBadSample)
  if (!/\.(csv|tsv|jsonl)$/i.test(nameOrFile)) {
    const expected = 'icons, a .csv, .tsv or .jsonl file, or a folder with pictures'
    throw new UserError({ where: '--pictures', expected, got: nameOrFile, hint: 'Name one of these.' })
  }
  const samples: Sample[] = []
  const { corpus } = await openCorpus(nameOrFile, options)
  for await (const sample of corpus.samples('train')) samples.push(sample)
  return { name: basename(nameOrFile), samples, skipped: corpus.skipped }
}

/** What a model card says of them, in a list; an empty one where there are none. */
export function pictureCredits(nameOrFile: string | undefined): { corpus: string; licence: string }[] {
  if (nameOrFile === undefined) return []
  if (nameOrFile === icons) return [{ corpus: iconsName, licence: 'see THIRD_PARTY.md' }]
  return [{ corpus: basename(resolve(nameOrFile)), licence: 'not stated (user data)' }]
}
