import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import writeFileAtomic from 'write-file-atomic'
import { UserError } from '../engine/errors.ts'
import { decodeNpy, encodeNpy } from '../engine/npy.ts'
import type { Progress } from '../engine/progress.ts'

export const shardRows = 2048
const batchSize = 64

export interface ShardOptions {
  dir: string
  kind: 'image' | 'text'
  rows: number
  width: number // Et
  bar: Progress
  /** Embeddings counted before the first of these. */
  done: number
}

/**
 * Makes or reads the shards of one kind, float16 .npy files of `shardRows` rows; `embed` gives the rows from..to.
 * @throws UserError for features that are not finite, and for files of another shape
 */
export async function shards(
  { dir, kind, rows, width, bar, done }: ShardOptions,
  embed: (from: number, to: number) => Promise<Float32Array>,
): Promise<Float32Array[]> {
  const result: Float32Array[] = []
  for (let start = 0; start < rows; start += shardRows) {
    const end = Math.min(start + shardRows, rows)
    const file = join(dir, `${kind}-${String(start / shardRows).padStart(5, '0')}.npy`)
    if (!existsSync(file)) {
      const whole = new Float32Array((end - start) * width)
      for (let from = start; from < end; from += batchSize) {
        const part = await embed(from, Math.min(from + batchSize, end))
        requireFinite(part, `${kind} ${from}`)
        whole.set(part, (from - start) * width)
        bar.update(done + Math.min(from + batchSize, end))
      }
      await writeFileAtomic(file, Buffer.from(encodeNpy(whole, width)))
    }
    const { data, columns } = decodeNpy(await readFile(file), file)
    requireShape(file, [end - start, width], [data.length / columns, columns])
    result.push(data)
    bar.update(done + end)
  }
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

function requireFinite(values: Float32Array, where: string): void {
  const bad = values.findIndex((value) => !Number.isFinite(value))
  if (bad < 0) return
  throw new UserError({
    where: `teacher features of ${where}…`,
    expected: 'finite numbers',
    got: `${values[bad]}`,
    hint: 'The teacher is broken or overflows: try its fp32 files.',
  })
}

function requireShape(where: string, expected: number[], got: number[]): void {
  if (expected.join() === got.join()) return
  const hint = 'The file belongs to another run: delete it, it is made anew.'
  throw new UserError({ where, expected: `features [${expected}]`, got: `[${got}]`, hint })
}
