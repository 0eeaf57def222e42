import type { Progress } from '../../base/progress.ts'
import { readShard, type ShardSet, writeShards } from './shard-files.ts'

export const shardRows = 2048

export interface ShardOptions extends Omit<ShardSet, 'shardRows'> {
  bar: Progress
  /** Embeddings counted before the first of these. */
  done: number
}

/**
 * Makes the shards of one kind that are missing and reads all; `embed` gives the rows from..to.
 * @throws UserError for features that are not finite, and for files of another shape
 */
export async function shards(
  { bar, done, ...kind }: ShardOptions,
  embed: (from: number, to: number) => Promise<Float32Array>,
): Promise<Float32Array[]> {
  const set = { ...kind, shardRows }
  await writeShards(
    [set],
    async (from, to) => [await embed(from, to)],
    (rows) => bar.update(done + rows),
  )
  const result: Float32Array[] = []
  for (let start = 0; start < set.rows; start += shardRows) result.push(await readShard(set, start))
  return result
}

/** Rows by their numbers over all shards. → [rows.length, width] */
export function pick(parts: Float32Array[], rows: number[], width: number): Float32Array {
  const result = new Float32Array(rows.length * width)
  for (const [i, row] of rows.entries()) {
    const at = (row % shardRows) * width
    result.set(parts[Math.floor(row / shardRows)]!.subarray(at, at + width), i * width)
  }
  return result
}
