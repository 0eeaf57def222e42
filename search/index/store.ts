import { UserError } from '../../base/errors.ts'
import { blockIds } from './block.ts'
import { type Database, type Row, type Schema, textOf } from './database.ts'

/**
 * Tables of an index, by the version that brought them: what it was made with; every file of its folder with its embedding, or with the reason why it has none;
 * the embeddings in blocks of int8 (blocks.ts), of which triggers delete every one that is not right any more. The graph of an approximate index is a table of
 * its own (graph.ts); an id is never given twice, so that it cannot mistake a new image for an old one.
 */
export const schema: Schema = [
  [
    'CREATE TABLE about (id INTEGER PRIMARY KEY CHECK (id = 1), json TEXT NOT NULL)',
    `CREATE TABLE images (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      path TEXT NOT NULL UNIQUE,
      size INTEGER NOT NULL,
      mtime TEXT NOT NULL,
      hash TEXT NOT NULL,
      vector BLOB,
      fault TEXT,
      CHECK ((vector IS NULL) <> (fault IS NULL))
    )`,
    'CREATE INDEX images_by_hash ON images (hash)',
  ],
  [
    'CREATE TABLE blocks (number INTEGER PRIMARY KEY, rows INTEGER NOT NULL, sum INTEGER NOT NULL, bytes BLOB NOT NULL)',
    `CREATE TRIGGER image_comes AFTER INSERT ON images BEGIN ${forget('new')}; END`,
    `CREATE TRIGGER image_goes AFTER DELETE ON images BEGIN ${forget('old')}; END`,
    `CREATE TRIGGER image_changes AFTER UPDATE OF id, vector ON images BEGIN ${forget('old')}; ${forget('new')}; END`,
    'CREATE INDEX images_with_fault ON images (id) WHERE fault IS NOT NULL',
  ],
]

function forget(row: 'old' | 'new'): string {
  return `DELETE FROM blocks WHERE number = ${row}.id / ${blockIds}`
}

/** A file as it was when it was indexed. */
export interface FileState {
  /** Relative to the folder, with slashes. */
  path: string
  size: number
  /** Time of the last change in nanoseconds: more than a JavaScript number holds. */
  mtime: string
}

/** An embedding [E], or the reason why there is none. */
export type Embedded = { vector: Float32Array } | { fault: string }

export function fileStates(db: Database): Map<string, FileState & { hash: string }> {
  const rows = db.all(`SELECT ${asBytes('path', 'mtime', 'hash')}, CAST(size AS INTEGER) AS size FROM images`)
  return new Map(
    rows.map((row) => {
      const [path, mtime, hash] = [row.path, row.mtime, row.hash].map((value) => textOf(db, value)) as [string, string, string]
      return [path, { path, size: Number(row.size), mtime, hash }]
    }),
  )
}

/** What the same bytes gave under any name: a file that moved need not be embedded again. */
export function findByHash(db: Database, hash: string, dim: number): Embedded | undefined {
  const [row] = db.all(`SELECT ${asBytes('path', 'vector', 'fault')} FROM images WHERE hash = ? LIMIT 1`, [hash])
  if (!row) return undefined
  return row.vector === null ? { fault: textOf(db, row.fault) } : { vector: vectorOf(db, row, dim) }
}

export function putFile(db: Database, { path, size, mtime }: FileState, hash: string, embedded: Embedded): void {
  removeFile(db, path)
  const [vector, fault] = 'vector' in embedded ? [bytesOf(embedded.vector), null] : [null, embedded.fault]
  db.run('INSERT INTO images (path, size, mtime, hash, vector, fault) VALUES (?, ?, ?, ?, ?, ?)', [path, size, mtime, hash, vector, fault])
}

/** The same bytes were written again, or touched. */
export function touchFile(db: Database, { path, size, mtime }: FileState): void {
  db.run('UPDATE images SET size = ?, mtime = ? WHERE path = ?', [size, mtime, path])
}

export function removeFile(db: Database, path: string): void {
  db.run('DELETE FROM images WHERE path = ?', [path])
}

export function countImages(db: Database): { images: number; faults: number } {
  const [row] = db.all('SELECT count(*) AS files, (SELECT count(*) FROM images WHERE fault IS NOT NULL) AS faults FROM images')
  const faults = Number(row!.faults)
  return { images: Number(row!.files) - faults, faults }
}

export function faultsOf(db: Database): { path: string; reason: string }[] {
  return db
    .all(`SELECT ${asBytes('path', 'fault')} FROM images WHERE fault IS NOT NULL ORDER BY images.path`)
    .map(({ path, fault }) => ({ path: textOf(db, path), reason: textOf(db, fault) }))
}

/** A stretch of the index in memory. */
export interface VectorBlock {
  ids: number[]
  paths: string[]
  /** [ids.length, E] */
  vectors: Float32Array
}

/** All embeddings in order of their paths, some at a time, so that memory stays flat however large the index is. */
export function* vectorBlocks(db: Database, dim: number, rows = 8192): Generator<VectorBlock> {
  let block: VectorBlock = { ids: [], paths: [], vectors: new Float32Array(rows * dim) }
  for (const row of db.each(`SELECT id, ${asBytes('path', 'vector')} FROM images WHERE vector IS NOT NULL ORDER BY images.path`)) {
    block.vectors.set(vectorOf(db, row, dim), block.ids.length * dim)
    block.ids.push(Number(row.id))
    block.paths.push(textOf(db, row.path))
    if (block.ids.length < rows) continue
    yield block
    block = { ids: [], paths: [], vectors: new Float32Array(rows * dim) }
  }
  if (block.ids.length > 0) yield { ...block, vectors: block.vectors.subarray(0, block.ids.length * dim) }
}

/** Embeddings at even distances of their ids [n, E], at most `count` of them: without a pass over the file. An index with images. */
export function sampleVectors(db: Database, dim: number, count: number): Float32Array {
  const [range] = db.all('SELECT (SELECT min(id) FROM images) AS first, (SELECT max(id) FROM images) AS last')
  const [first, last] = [Number(range!.first), Number(range!.last)]
  const step = Math.max(1, (last - first + 1) / count)
  const places = Array.from({ length: Math.min(count, last - first + 1) }, (_, i) => Math.floor(first + i * step))
  const next = 'SELECT id FROM images WHERE id >= place.value AND vector IS NOT NULL ORDER BY id LIMIT 1'
  const sql = `SELECT ${asBytes('path', 'vector')} FROM images WHERE id IN (SELECT (${next}) FROM json_each(?) AS place)`
  const rows = db.all(sql, [JSON.stringify(places)])
  const vectors = new Float32Array(rows.length * dim)
  for (const [i, row] of rows.entries()) vectors.set(vectorOf(db, row, dim), i * dim)
  return vectors
}

/** Columns as bytes, for a SELECT: libsql ends the process at text that is not UTF-8, which a damaged file holds. */
export function asBytes(...columns: string[]): string {
  return columns.map((column) => `CAST(images.${column} AS BLOB) AS ${column}`).join(', ')
}

/** Embeddings lie in the file as libsql's own vectors do: float32, little-endian. */
export function bytesOf(vector: Float32Array): Buffer {
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength)
}

export function vectorOf(db: Database, { path, vector }: Row, dim: number): Float32Array {
  if (vector instanceof ArrayBuffer && vector.byteLength === 4 * dim) return new Float32Array(vector)
  throw new UserError({
    where: `${db.file}: ${textOf(db, path)}`,
    expected: `an embedding of ${dim} numbers`,
    got: vector instanceof ArrayBuffer ? `${vector.byteLength} bytes` : 'none',
    hint: 'The index is damaged: delete the file and run index again.',
  })
}
