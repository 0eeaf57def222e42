import { UserError } from '../../base/errors.ts'
import { progress } from '../../base/progress.ts'
import { type Block, blockIds, openBlock, packBlock, sumOfBlock } from './block.ts'
import type { Database } from './database.ts'
import { asBytes, vectorOf } from './store.ts'

/** Bytes of blocks that an open index keeps in memory; of a larger one the others are read each time. */
const memory = 256e6
/** So many blocks are stored in a second or two. */
const few = 32

/** Stores the blocks that lack, each in a transaction of its own; shows progress of many. Triggers delete a block with whatever changes in it (store.ts). */
export function fillBlocks(db: Database, dim: number): void {
  const stored = new Set(db.all('SELECT number FROM blocks').map(({ number }) => Number(number)))
  const missing = blockNumbers(db).filter((number) => !stored.has(number))
  const bar = missing.length > few ? progress('blocks', missing.length, 'blocks') : undefined
  try {
    for (const [i, number] of missing.entries()) {
      db.transaction(() => putBlock(db, makeBlock(db, number, dim)))
      bar?.update(i + 1)
    }
  } finally {
    bar?.stop()
  }
}

export function putBlock(db: Database, { first, places, bytes }: Block): void {
  const values = [first / blockIds, places.length, sumOfBlock(first / blockIds, bytes), Buffer.from(bytes)]
  db.run('INSERT OR REPLACE INTO blocks (number, rows, sum, bytes) VALUES (?, ?, ?, ?)', values)
}

/**
 * Reads an index's blocks, again and again: in order, from memory where they are there, from the file, and one that lacks (the index is being made) from the
 * embeddings. What changed meanwhile is read anew.
 */
export function blockReader(db: Database, dim: number): () => Iterable<Block> {
  const kept = new Map<number, Block>()
  let bytes = 0
  let state = ''
  return function* () {
    const now = stateOf(db)
    if (now !== state) {
      kept.clear()
      bytes = 0
      state = now
    }
    for (const number of blockNumbers(db)) {
      let block = kept.get(number)
      if (!block) {
        block = storedBlock(db, number, dim) ?? makeBlock(db, number, dim)
        if (bytes + block.bytes.byteLength <= memory) {
          kept.set(number, block)
          bytes += block.bytes.byteLength
        }
      }
      yield block
    }
  }
}

/** Another text after every change, by this process or another one. */
function stateOf(db: Database): string {
  return JSON.stringify([db.all('PRAGMA data_version'), db.all('SELECT total_changes() AS changes')])
}

/** Of the blocks that have images, in order; a step for each, however many images there are. */
function blockNumbers(db: Database): number[] {
  const next = `SELECT (SELECT min(id) FROM images WHERE id >= (number + 1) * ${blockIds}) / ${blockIds} FROM there WHERE number IS NOT NULL`
  const sql = `WITH RECURSIVE there (number) AS (SELECT min(id) / ${blockIds} FROM images UNION ALL ${next})`
  return db.all(`${sql} SELECT number FROM there WHERE number IS NOT NULL`).map(({ number }) => Number(number))
}

/** @throws UserError for a damaged one; undefined where none is stored */
export function storedBlock(db: Database, number: number, dim: number): Block | undefined {
  const [row] = db.all('SELECT rows, sum, bytes FROM blocks WHERE number = ?', [number])
  if (!row) return undefined
  const { rows, sum, bytes } = row
  const block = bytes instanceof ArrayBuffer ? openBlock(number * blockIds, bytes, Number(rows), dim) : undefined
  if (block && sumOfBlock(number, block.bytes) === sum) return block
  throw new UserError({
    where: `${db.file}: block ${number}`,
    expected: 'embeddings with the checksum that was stored with them',
    got: block ? 'another checksum' : 'another length',
    hint: 'The index is damaged: delete the file and run index again.',
  })
}

function makeBlock(db: Database, number: number, dim: number): Block {
  const first = number * blockIds
  const condition = 'vector IS NOT NULL AND id BETWEEN ? AND ? ORDER BY id'
  const rows = db.all(`SELECT id, ${asBytes('path', 'vector')} FROM images WHERE ${condition}`, [first, first + blockIds - 1])
  const vectors = new Float32Array(rows.length * dim)
  for (const [i, row] of rows.entries()) vectors.set(vectorOf(db, row, dim), i * dim)
  const ids = rows.map(({ id }) => Number(id))
  return packBlock(first, ids, vectors, dim)
}
