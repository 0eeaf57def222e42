import { open, stat } from 'node:fs/promises'
import { UserError } from '../../../base/errors.ts'
import { type NpyHeader, npyHeader, npyNumbers } from '../../../engine/npy.ts'
import { filesId } from './files-id.ts'
import type { ImportedRows } from './rows.ts'

/** A .npy file, and what its rows are of. */
export interface Matrix {
  file: string
  ids: string[]
  /** Where the ids are from. */
  idsFile: string
}

interface OpenMatrix extends NpyHeader {
  file: string
  /** Among all rows. */
  first: number
}

/** Of a header that numpy writes for a matrix; it is 128. */
const headBytes = 4096
const hint = 'Write the features again: numpy.save, float16 or float32.'

/**
 * The rows of several matrices one after the other. Only their headers are read.
 * @throws UserError for a file that is no matrix, another number of ids than rows, and matrices of different widths
 */
export async function matrixRows(folder: string, matrices: readonly Matrix[]): Promise<ImportedRows> {
  const opened: OpenMatrix[] = []
  let first = 0
  for (const { file, ids, idsFile } of matrices) {
    const header = await headerOf(file)
    if (header.rows !== ids.length)
      throw new UserError({ where: file, expected: `${ids.length} rows, as ${idsFile} has ids`, got: `${header.rows}`, hint })
    const width = opened[0]?.columns ?? header.columns
    if (header.columns !== width)
      throw new UserError({ where: file, expected: `rows of ${width} numbers, as ${opened[0]!.file} has`, got: `${header.columns}`, hint })
    opened.push({ file, first, ...header })
    first += header.rows
  }
  return {
    folder,
    id: await filesId(matrices.flatMap(({ file, idsFile }) => [file, idsFile])),
    width: opened[0]!.columns,
    ids: matrices.flatMap(({ ids }) => ids),
    read: (rows) => readRows(opened, rows),
  }
}

async function headerOf(file: string): Promise<NpyHeader> {
  const handle = await open(file)
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(headBytes), 0, headBytes, 0)
    return npyHeader(buffer.subarray(0, bytesRead), (await stat(file)).size, file, hint)
  } finally {
    await handle.close()
  }
}

async function readRows(matrices: readonly OpenMatrix[], rows: readonly number[]): Promise<Float32Array> {
  const { columns } = matrices[0]!
  const values = new Float32Array(rows.length * columns)
  for (const { file, first, rows: count, offset, width } of matrices) {
    const mine = rows.flatMap((row, place) => (row >= first && row < first + count ? [{ row: row - first, place }] : []))
    if (mine.length === 0) continue
    const handle = await open(file)
    try {
      for (const { row, place } of mine) {
        const bytes = Buffer.alloc(columns * width)
        const { bytesRead } = await handle.read(bytes, 0, bytes.length, offset + row * bytes.length)
        if (bytesRead !== bytes.length)
          throw new UserError({ where: file, expected: `${bytes.length} bytes of row ${row}`, got: `${bytesRead}`, hint })
        values.set(npyNumbers(bytes, width), place * columns)
      }
    } finally {
      await handle.close()
    }
  }
  return values
}
