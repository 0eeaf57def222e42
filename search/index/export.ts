import { openDraft } from '../../base/disk.ts'
import { openParquet, type ParquetSchema } from '../../corpora/writers/parquet-file.ts'
import { readAbout } from './about.ts'
import { openDatabase } from './database.ts'
import type { ExportFormat } from './export-formats.ts'
import { type VectorBlock, vectorBlocks } from './store.ts'

/** What writes the images in one format: all of them, block after block, or nothing. */
interface ExportFile {
  write(block: VectorBlock, dim: number): Promise<void>
  finish(): Promise<void>
  discard(): Promise<void>
}

/** By the database that imports them: the file's ending, beside the index's name, and what writes it. */
const formats: Record<ExportFormat, { ending: string; open(file: string): Promise<ExportFile> }> = {
  lance: { ending: '.parquet', open: openLance },
  qdrant: { ending: '.jsonl', open: openQdrant },
}

/** Rows in memory at a time. */
const portion = 1024

/**
 * Writes the images of an index, in order of path, for another database to import: id, path relative to the folder, and the embedding in float32, of unit
 * length [E]. `lance`: Parquet with columns id (int64), path and vector (list of float). `qdrant`: JSONL, a point a line: {id, vector, payload: {path}}.
 * @returns the file, beside the index; one that is there is replaced
 * @throws UserError for an index that is missing or damaged
 */
export async function exportIndex(index: string, format: ExportFormat): Promise<string> {
  const { ending, open } = formats[format]
  const file = index + ending
  const db = await openDatabase(index)
  try {
    const { embedDim: dim } = readAbout(db)!
    const out = await open(file)
    try {
      for (const block of vectorBlocks(db, dim, portion)) await out.write(block, dim)
      await out.finish()
    } catch (error) {
      await out.discard()
      throw error
    }
  } finally {
    db.close()
  }
  return file
}

const lanceSchema: ParquetSchema = [
  { name: 'root', num_children: 3 },
  { name: 'id', type: 'INT64', repetition_type: 'REQUIRED' },
  { name: 'path', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
  { name: 'vector', converted_type: 'LIST', repetition_type: 'REQUIRED', num_children: 1 },
  { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
  { name: 'element', type: 'FLOAT', repetition_type: 'REQUIRED' },
]

async function openLance(file: string): Promise<ExportFile> {
  const parquet = await openParquet(file, lanceSchema)
  return {
    ...parquet,
    write: ({ ids, paths, vectors }, dim) =>
      parquet.write([
        { name: 'id', data: ids.map(BigInt) },
        { name: 'path', data: paths },
        { name: 'vector', data: ids.map((_, i) => Array.from(vectors.subarray(i * dim, (i + 1) * dim))) },
      ]),
  }
}

async function openQdrant(file: string): Promise<ExportFile> {
  const draft = await openDraft(file)
  return {
    async write({ ids, paths, vectors }, dim) {
      const points = ids.map((id, i) => ({ id, vector: numbers(vectors.subarray(i * dim, (i + 1) * dim)), payload: { path: paths[i] } }))
      await draft.write(points.map((point) => `${JSON.stringify(point)}\n`).join(''))
    },
    async finish() {
      await draft.finish()
      await draft.commit()
    },
    discard: draft.discard,
  }
}

/** Nine digits give a float32 back to the bit. */
function numbers(vector: Float32Array): number[] {
  return Array.from(vector, (value) => Number(value.toPrecision(9)))
}
