import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { UserError } from '../../../base/errors.ts'
import { type Matrix, matrixRows } from './matrices.ts'
import type { ImportedRows } from './rows.ts'

const idColumn = 'image_path'

/**
 * `img_emb/img_emb_N.npy` and `metadata/metadata_N.parquet`, whose column image_path holds a path, or the key of a sample in a tar.
 * Source: https://github.com/rom1504/clip-retrieval
 * @throws UserError for a matrix without metadata, and for metadata that cannot be read or name no images
 */
export async function clipRetrieval(folder: string): Promise<ImportedRows> {
  const names = (await readdir(join(folder, 'img_emb'))).flatMap((name) => /^img_emb_(\d+)\.npy$/.exec(name)?.[1] ?? []).toSorted()
  if (names.length === 0) {
    const hint = 'Name the folder that clip-retrieval inference wrote.'
    throw new UserError({ where: join(folder, 'img_emb'), expected: 'img_emb_0.npy and so on', got: 'none', hint })
  }
  const matrices: Matrix[] = []
  for (const number of names) {
    const idsFile = join(folder, 'metadata', `metadata_${number}.parquet`)
    matrices.push({ file: join(folder, 'img_emb', `img_emb_${number}.npy`), ids: await idsIn(idsFile), idsFile })
  }
  return matrixRows(folder, matrices)
}

async function idsIn(path: string): Promise<string[]> {
  const refuse = (expected: string, got: string): never => {
    throw new UserError({ where: path, expected, got, hint: 'Let clip-retrieval inference write it again.' })
  }
  const records = await asyncBufferFromFile(path)
    .then((file) => parquetReadObjects({ file, compressors, columns: [idColumn] }))
    .catch((error: Error) => refuse(`metadata with a column ${idColumn}`, error.message))
  return records.map((record, row) => {
    const id: unknown = record[idColumn]
    return typeof id === 'string' && id !== '' ? id : refuse(`a path in column ${idColumn} of row ${row}`, `${id}`)
  })
}
