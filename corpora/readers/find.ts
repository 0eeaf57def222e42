import { readdir, stat } from 'node:fs/promises'
import { UserError } from '../../base/errors.ts'
import { csvRows } from '../csv.ts'
import { jsonlRows } from '../jsonl.ts'
import { formatOf } from '../utf8.ts'
import { captionList } from './caption-list.ts'
import { chineseClip } from './chinese-clip.ts'
import { cocoJson } from './coco.ts'
import { imageFolder } from './image-folder.ts'
import { parquet } from './parquet.ts'
import type { Place, Reader } from './reader.ts'
import { webDataset } from './webdataset.ts'

const table: Reader = {
  name: 'CSV or TSV',
  takes: ({ path, names }) => names === undefined && ['.csv', '.tsv'].includes(formatOf(path)),
  rows: ({ path }, options) => csvRows({ ...options, file: path }),
}
const jsonl: Reader = {
  name: 'JSONL',
  takes: ({ path, names }) => names === undefined && formatOf(path) === '.jsonl',
  rows: ({ path }, { onBadRow }) => jsonlRows(path, onBadRow),
}

/** In the order in which they are asked. */
const readers: Reader[] = [table, jsonl, webDataset, chineseClip, parquet, imageFolder, cocoJson, captionList]

/**
 * The reader of what a user named, by its ending or by what the folder holds.
 * @throws UserError for what is not there, and for what no reader takes
 */
export async function findReader(path: string): Promise<{ reader: Reader; place: Place }> {
  const pattern = webDataset.takes({ path }) // a brace range is no file
  const found = pattern ? undefined : await stat(path).catch(() => undefined)
  const entries = found?.isDirectory() ? await readdir(path, { withFileTypes: true }) : undefined
  const place: Place = { path, ...(entries && { names: entries.map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name)) }) }
  const reader = readers.find((one) => one.takes(place))
  if (reader && (found || pattern)) return { reader, place }
  throw new UserError({
    where: 'corpus',
    expected: `emoji, or a file or folder (${readers.map(({ name }) => name).join(', ')})`,
    got: found ? path : `${path}, which is not there`,
    hint: found ? 'See docs/data.md for the formats.' : 'Check the path.',
  })
}
