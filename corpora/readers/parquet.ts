import { readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { asyncBufferFromFile, type FileMetaData, parquetMetadataAsync, parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { UserError } from '../../base/errors.ts'
import { unlessBad } from '../bad-row.ts'
import { hasManifest } from './image-folder.ts'
import { type Reader, splitInName } from './reader.ts'
import { recordRow } from './record.ts'

const imageColumns = ['image', 'img', 'picture', 'jpg', 'png']

/**
 * Parquet as Hugging Face's `datasets` writes it: a column `image` with bytes, columns of captions, one text or a list each. A file, or a folder with
 * files, `data/` below it included; their names tell the split. One row group of captions is in memory at a time, and one of pictures.
 */
export const parquet: Reader = {
  name: 'parquet',
  takes: ({ path, names }) => (names ? isFolder(names) : path.toLowerCase().endsWith('.parquet')),
  async *rows({ path, names }, options) {
    const files = names ? await filesIn(path, names) : [path]
    for (const path of files) {
      const file = await asyncBufferFromFile(path)
      const metadata = await parquetMetadataAsync(file).catch((cause: Error) => refuse(path, cause))
      const columns = metadata.schema.filter((_, i) => topLevel(metadata).has(i)).map(({ name }) => name)
      const image = imageColumns.find((name) => columns.includes(name))
      if (!image) {
        const hint = 'Name the column with the pictures image.'
        throw new UserError({ where: path, expected: `a column of images (${imageColumns.join(', ')})`, got: columns.join(', '), hint })
      }
      const others = columns.filter((name) => name !== image)
      const split = splitInName(basename(path))
      const read = (rowStart: number, rowEnd: number, columns: string[]) =>
        parquetReadObjects({ file, metadata, compressors, rowStart, rowEnd, columns, utf8: !columns.includes(image) }).catch((cause: Error) =>
          refuse(path, cause),
        )
      const pictures = lastGroup((from, to) => read(from, to, [image]))
      let first = 0
      for (const { num_rows } of metadata.row_groups) {
        const [from, to] = [first, first + Number(num_rows)]
        for (const [i, record] of (await read(from, to, others)).entries()) {
          const where = `${path}: row ${from + i + 1}`
          const source = { fingerprint: `${file.byteLength}`, read: async () => bytesOf((await pictures(from, to))[i]![image], where) }
          const row = unlessBad(() => recordRow(record, where, options), options.onBadRow)
          if (row) yield { ...row, image: `${basename(path)}/${from + i}`, source, ...(row.split === undefined && split && { split }) }
        }
        first = to
      }
    }
  },
}

/** An imagefolder may have its pictures in a folder `data`, too. */
function isFolder(names: string[]): boolean {
  return names.some((name) => name.endsWith('.parquet')) || (names.includes('data/') && !hasManifest(names))
}

async function filesIn(path: string, names: string[]): Promise<string[]> {
  const below = names.includes('data/') ? (await readdir(join(path, 'data'))).map((name) => join('data', name)) : []
  const files = [...names, ...below].filter((name) => name.endsWith('.parquet')).toSorted()
  if (files.length > 0) return files.map((name) => join(path, name))
  throw new UserError({ where: path, expected: 'parquet files in data/', got: 'none', hint: 'Name the folder or file with the data.' })
}

/** Indices of the schema's elements that are columns, not parts of one. */
function topLevel({ schema }: FileMetaData): Set<number> {
  const found = new Set<number>()
  const skip = (at: number): number => {
    let next = at + 1
    for (let child = 0; child < (schema[at]!.num_children ?? 0); child++) next = skip(next)
    return next
  }
  for (let at = 1; at < schema.length; at = skip(at)) found.add(at)
  return found
}

/** Pictures are asked for in order: the group that was read last stays. */
function lastGroup<T>(read: (from: number, to: number) => Promise<T>): typeof read {
  let last: { from: number; rows: Promise<T> } | undefined
  return (from, to) => {
    if (last?.from !== from) last = { from, rows: read(from, to) }
    return last.rows
  }
}

function bytesOf(cell: unknown, where: string): Uint8Array {
  const bytes = cell instanceof Uint8Array ? cell : (cell as { bytes?: unknown } | null | undefined)?.bytes
  if (bytes instanceof Uint8Array) return bytes
  throw new UserError({
    where,
    expected: 'the bytes of an image',
    got: JSON.stringify(cell)?.slice(0, 80) ?? 'nothing',
    hint: 'Write it with its bytes.',
  })
}

function refuse(path: string, cause: Error): never {
  throw new UserError({ where: path, expected: 'a parquet file that is whole', got: cause.message, hint: 'Copy or write the file again.' })
}
