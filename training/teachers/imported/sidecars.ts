import { join } from 'node:path'
import { UserError } from '../../../base/errors.ts'
import { readTarEntry, type TarEntry, tarEntries } from '../../../corpora/readers/tar-entries.ts'
import { decodeNpy } from '../../../engine/npy.ts'
import { npzArrays } from '../../../engine/npz.ts'
import { filesId } from './files-id.ts'
import type { ImportedRows } from './rows.ts'

const arrayName = 'image_emb'
const hint = `Write one vector for an image: numpy.savez(file, ${arrayName}=vector).`

interface Sidecar {
  tar: string
  entry: TarEntry
  /** `TAR/KEY`, as the WebDataset reader begins the keys of its images. */
  id: string
}

/**
 * Tars with a `KEY.npz` for each sample, beside its image or in tars of their own with the same names. Its array `image_emb`, or its only one, is the vector.
 * @throws UserError for tars without such files
 */
export async function sidecarRows(folder: string, names: readonly string[]): Promise<ImportedRows> {
  const tars = names.filter((name) => name.endsWith('.tar'))
  const sidecars: Sidecar[] = []
  for (const name of tars) {
    const tar = join(folder, name)
    for await (const entry of tarEntries(tar)) {
      if (entry.name.endsWith('.npz')) sidecars.push({ tar, entry, id: `${name}/${entry.name.slice(0, -'.npz'.length)}` })
    }
  }
  const [first] = sidecars
  if (!first) throw new UserError({ where: `--features ${folder}`, expected: 'KEY.npz in its tars', got: 'none', hint })
  const width = (await vectorOf(first)).length
  return {
    folder,
    id: await filesId(tars.map((name) => join(folder, name))),
    width,
    ids: sidecars.map(({ id }) => id),
    async read(rows) {
      const values = new Float32Array(rows.length * width)
      for (const [place, row] of rows.entries()) values.set(await vectorOf(sidecars[row]!, width), place * width)
      return values
    },
  }
}

async function vectorOf({ tar, entry }: Sidecar, width?: number): Promise<Float32Array> {
  const where = `${tar}: ${entry.name}`
  const arrays = npzArrays(await readTarEntry(tar, entry), where)
  const array = arrays.get(arrayName) ?? (arrays.size === 1 ? [...arrays.values()][0] : undefined)
  if (!array) throw new UserError({ where, expected: `an array ${arrayName}`, got: [...arrays.keys()].join(', ') || 'none', hint })
  const { data, columns } = decodeNpy(array, where, hint)
  if (data.length !== columns) throw new UserError({ where, expected: 'one row', got: `${data.length / columns}`, hint })
  if (width !== undefined && columns !== width)
    throw new UserError({ where, expected: `${width} numbers, as the first of the files has`, got: `${columns}`, hint })
  return data
}
