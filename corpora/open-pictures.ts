import { basename, resolve } from 'node:path'
import { openCorpus } from './open.ts'
import { poolIcons } from './pool/icons.ts'
import type { Sample } from './sample.ts'

/** Pictures that teach beside a corpus; how they are captioned, if they are, is for their user to ask. */
export interface Pictures {
  name: string
  samples: Sample[]
}

const icons = 'icons'

/**
 * Opens pictures by name: `icons`, those of open sets (poolIcons), or a .csv, .tsv or .jsonl file, of which its train split is read.
 * @param options.imagesDir for files: what image paths are relative to; default: the file's folder
 * @throws UserError as poolIcons and openCorpus do
 */
export async function openPictures(nameOrFile: string, options: { imagesDir?: string } = {}): Promise<Pictures> {
  const samples: Sample[] = []
  if (nameOrFile === icons) samples.push(...poolIcons().samples)
  else for await (const sample of (await openCorpus(nameOrFile, options)).corpus.samples('train')) samples.push(sample)
  return { name: nameOrFile === icons ? 'icons of open sets' : basename(nameOrFile), samples }
}

/** What a model card says of them, in a list; an empty one where there are none. */
export function pictureCredits(nameOrFile: string | undefined): { corpus: string; licence: string }[] {
  if (nameOrFile === undefined) return []
  if (nameOrFile === icons) return [{ corpus: 'icons of open sets', licence: 'see THIRD_PARTY.md' }]
  return [{ corpus: basename(resolve(nameOrFile)), licence: 'not stated (user data)' }]
}
