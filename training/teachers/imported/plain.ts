import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '../../../base/errors.ts'
import { matrixRows } from './matrices.ts'
import type { ImportedRows } from './rows.ts'

/** `NAME.npy`, and an id a line in `NAME.txt`. Throws UserError for a matrix without ids. */
export async function plainMatrices(folder: string, names: readonly string[]): Promise<ImportedRows> {
  const matrices = names.filter((name) => name.endsWith('.npy')).map((name) => join(folder, name))
  return matrixRows(folder, await Promise.all(matrices.map(async (file) => ({ file, ids: await idsIn(file), idsFile: idsFileOf(file) }))))
}

async function idsIn(file: string): Promise<string[]> {
  const text = await readFile(idsFileOf(file), 'utf8').catch((error: Error) => {
    const hint = 'Write beside the matrix what its rows are of: a path or key a line.'
    throw new UserError({ where: idsFileOf(file), expected: 'an id a line', got: error.message, hint })
  })
  return text.replace(/\r?\n$/, '').split(/\r?\n/)
}

function idsFileOf(file: string): string {
  return file.replace(/\.npy$/, '.txt')
}
