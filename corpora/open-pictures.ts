import { basename, resolve } from 'node:path'
import { UserError } from '../base/errors.ts'
import type { BadSample } from './bad-row.ts'
import { openCorpus } from './open.ts'
import { poolIcons } from './pool/icons.ts'
import type { Reading, Sample } from './sample.ts'

/** Pictures that teach beside a corpus; how they are captioned, if they are, is for their user to ask. */
export interface Pictures {
  name: string
  samples: Sample[]
  /** What was left out because it cannot be used. */
  skipped?: BadSample[]
}

const icons = 'icons'
const iconsName = 'icons of open sets'

/**
 * Opens pictures by name: `icons`, those of open sets (poolIcons), or a .csv, .tsv or .jsonl file, of which its train split is read.
 * @param options how a file is read
 * @throws UserError for anything else, and as poolIcons and openCorpus do
 */
export async function openPictures(nameOrFile: string, options: Reading = {}): Promise<Pictures> {
  if (nameOrFile === icons) return { name: iconsName, samples: poolIcons().samples }
  if (!/\.(csv|tsv|jsonl)$/i.test(nameOrFile)) {
    const expected = 'icons, or a .csv, .tsv or .jsonl file'
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
