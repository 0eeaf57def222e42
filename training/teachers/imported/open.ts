import { readdir } from 'node:fs/promises'
import { UserError } from '../../../base/errors.ts'
import { clipRetrieval } from './clip-retrieval.ts'
import { plainMatrices } from './plain.ts'
import type { ImportedRows } from './rows.ts'
import { sidecarRows } from './sidecars.ts'

/**
 * Opens a folder of features by what lies in it: `img_emb/` and `metadata/` of clip-retrieval, tars with `.npz` files, or `.npy` files with ids beside them.
 * @param width of the teacher's embedding
 * @throws UserError for a folder without any of these, and for files that do not fit together or not the teacher
 */
export async function openImported(folder: string, width: number): Promise<ImportedRows> {
  const names = (await readdir(folder).catch((error: Error) => refuse(folder, error.message))).toSorted()
  const rows = await openNames(folder, names)
  if (rows.width === width) return rows
  const hint = 'Name the teacher that computed them: --teacher.'
  throw new UserError({ where: `--features ${folder}`, expected: `rows of ${width} numbers, as the teacher embeds`, got: `${rows.width}`, hint })
}

function openNames(folder: string, names: readonly string[]): Promise<ImportedRows> {
  if (names.includes('img_emb')) return clipRetrieval(folder)
  if (names.some((name) => name.endsWith('.tar'))) return sidecarRows(folder, names)
  if (names.some((name) => name.endsWith('.npy'))) return plainMatrices(folder, names)
  return refuse(folder, names.slice(0, 5).join(', ') || 'an empty folder')
}

function refuse(folder: string, got: string): never {
  const expected = 'a folder with NAME.npy and NAME.txt, with img_emb/ and metadata/, or with tars'
  throw new UserError({ where: `--features ${folder}`, expected, got, hint: 'docs/scale.md shows what is read.' })
}
