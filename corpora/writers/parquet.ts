import { join } from 'node:path'
import { mkdir } from '../../base/disk.ts'
import type { Language, Sample, Split } from '../sample.ts'
import { openParquet, type ParquetSchema } from './parquet-file.ts'
import type { Writer } from './writer.ts'

const names: Record<Split, string> = { train: 'train', val: 'validation', test: 'test' }
/** Of the pictures of a row group, which is in memory while it is gathered. */
const groupBytes = 64e6
const groupRows = 10_000

/**
 * Parquet as Hugging Face's `datasets` reads it: `data/{split}.parquet` with a column `image` of bytes and path, a list of captions a language, `class` and `group`.
 */
export function parquetWriter(folder: string, languages: readonly Language[]): Writer {
  const open = new Map<Split, SplitFile>()
  return {
    async add(sample, split) {
      const made = open.get(split) ?? (await openSplit(join(folder, 'data', `${names[split]}.parquet`), languages))
      open.set(split, made)
      await made.add(sample)
    },
    async finish() {
      for (const file of open.values()) await file.finish()
    },
    async discard() {
      for (const file of open.values()) await file.discard()
    },
  }
}

interface SplitFile {
  add(sample: Sample): Promise<void>
  finish(): Promise<void>
  discard(): Promise<void>
}

async function openSplit(file: string, languages: readonly Language[]): Promise<SplitFile> {
  await mkdir(join(file, '..'))
  const parquet = await openParquet(file, schemaOf(languages))
  let rows: { sample: Sample; picture: Uint8Array }[] = []
  let gathered = 0
  const flush = async () => {
    const column = (name: string, of: (sample: Sample) => unknown) => ({ name, data: rows.map(({ sample }) => of(sample)) })
    const image = { name: 'image', data: rows.map(({ sample, picture }) => ({ bytes: picture, path: sample.image.key })) }
    const captions = languages.map((language) => column(language, (sample) => sample.captions[language] ?? []))
    const columnData = [image, ...captions, column('class', ({ classId }) => classId), column('group', ({ group }) => group)]
    await parquet.write(columnData)
    rows = []
    gathered = 0
  }
  return {
    async add(sample) {
      const picture = await sample.image.read()
      rows.push({ sample, picture })
      gathered += picture.length
      if (gathered >= groupBytes || rows.length >= groupRows) await flush()
    },
    async finish() {
      if (rows.length > 0) await flush()
      await parquet.finish()
    },
    discard: parquet.discard,
  }
}

function schemaOf(languages: readonly Language[]): ParquetSchema {
  const text = (name: string): ParquetSchema[number] => ({ name, type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' })
  const list = (name: string): ParquetSchema => [
    { name, converted_type: 'LIST', repetition_type: 'OPTIONAL', num_children: 1 },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
    text('element'),
  ]
  return [
    { name: 'root', num_children: languages.length + 3 },
    { name: 'image', repetition_type: 'OPTIONAL', num_children: 2 },
    { name: 'bytes', type: 'BYTE_ARRAY', repetition_type: 'OPTIONAL' },
    text('path'),
    ...languages.flatMap(list),
    text('class'),
    text('group'),
  ]
}
