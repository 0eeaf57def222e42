import { existsSync } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import writeFileAtomic from 'write-file-atomic'
import { UserError } from '../../base/errors.ts'
import { decodeNpy, encodeNpy, npyHeader } from '../../engine/npy.ts'
import { float16ToFloat32 } from '../../engine/onnx/dtypes.ts'

/** Rows of one kind in float16 files KIND-00000.npy, KIND-00001.npy, … of `shardRows` rows each. */
export interface ShardSet {
  dir: string
  kind: string
  rows: number
  width: number // numbers in a row
  shardRows: number
}

const batchSize = 64

/**
 * Makes those files that are missing, of several kinds at once: all have the same rows, and `make` gives from..to of every kind.
 * @throws UserError for numbers that float16 cannot hold
 */
export async function writeShards(
  sets: readonly ShardSet[],
  make: (from: number, to: number) => Promise<Float32Array[]>,
  update: (rows: number) => void,
): Promise<void> {
  const { rows, shardRows } = sets[0]!
  for (const start of starts(sets[0]!)) {
    const end = Math.min(start + shardRows, rows)
    if (!sets.every((set) => existsSync(fileOf(set, start)))) {
      const whole = sets.map(({ width }) => new Float32Array((end - start) * width))
      for (let from = start; from < end; from += batchSize) {
        const to = Math.min(from + batchSize, end)
        for (const [i, part] of (await make(from, to)).entries()) {
          requireHalves(part, `${sets[i]!.kind} ${from}`)
          whole[i]!.set(part, (from - start) * sets[i]!.width)
        }
        update(to)
      }
      for (const [i, set] of sets.entries()) await writeFileAtomic(fileOf(set, start), Buffer.from(encodeNpy(whole[i]!, set.width)))
    }
    update(end)
  }
}

/** About what the files take that are not there yet. */
export function missingBytes(sets: readonly ShardSet[]): number {
  const missing = (set: ShardSet) => starts(set).filter((start) => !existsSync(fileOf(set, start)))
  return sets.reduce((sum, set) => sum + 2 * set.width * missing(set).length * Math.min(set.shardRows, set.rows), 0)
}

/**
 * The file that begins with row `start`. → [shardRows, width], fewer rows in the last
 * @throws UserError for a file of another shape
 */
export async function readShard(set: ShardSet, start: number): Promise<Float32Array> {
  const file = fileOf(set, start)
  const { data, columns } = decodeNpy(await readFile(file), file)
  requireShape(file, set, start, [data.length / columns, columns])
  return data
}

/**
 * Rows by their numbers, read from disk at that moment: for rows too long to be kept in memory. → [rows.length, width]
 * @throws UserError for a file of another shape
 */
export async function readRows(set: ShardSet, rows: readonly number[]): Promise<Float32Array> {
  const { width, shardRows } = set
  const halves = new Uint16Array(rows.length * width)
  const order = rows.map((row, place) => ({ row, place })).sort((a, b) => a.row - b.row) // each file is opened once
  for (let i = 0; i < order.length; ) {
    const start = order[i]!.row - (order[i]!.row % shardRows)
    const file = fileOf(set, start)
    const handle = await open(file)
    try {
      const head = await handle.read(new Uint8Array(256), 0, 256, 0)
      const { offset, ...header } = npyHeader(head.buffer, (await handle.stat()).size, file)
      requireShape(file, set, start, [header.rows, header.columns])
      for (; i < order.length && order[i]!.row < start + shardRows; i++) {
        const { row, place } = order[i]!
        await handle.read(new Uint8Array(halves.buffer, 2 * place * width, 2 * width), 0, 2 * width, offset + 2 * (row - start) * width)
      }
    } finally {
      await handle.close()
    }
  }
  return float16ToFloat32(halves)
}

/** Of the files, the numbers of their first rows. */
function starts({ rows, shardRows }: ShardSet): number[] {
  return Array.from({ length: Math.ceil(rows / shardRows) }, (_, i) => i * shardRows)
}

function fileOf({ dir, kind, shardRows }: ShardSet, start: number): string {
  return join(dir, `${kind}-${String(start / shardRows).padStart(5, '0')}.npy`)
}

const largestHalf = 65_504

function requireHalves(values: Float32Array, where: string): void {
  const bad = values.findIndex((value) => !(Math.abs(value) <= largestHalf))
  if (bad < 0) return
  const hint = Number.isFinite(values[bad])
    ? 'They are stored in float16: use --variants 0.'
    : 'The teacher is broken or overflows: try its fp32 files.'
  throw new UserError({ where: `teacher features of ${where}…`, expected: `numbers of at most ${largestHalf}`, got: `${values[bad]}`, hint })
}

function requireShape(where: string, { rows, width, shardRows }: ShardSet, start: number, got: number[]): void {
  const expected = [Math.min(shardRows, rows - start), width]
  if (expected.join() === got.join()) return
  const hint = 'The file belongs to another run: delete it, it is made anew.'
  throw new UserError({ where, expected: `features [${expected}]`, got: `[${got}]`, hint })
}
