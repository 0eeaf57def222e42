import { closeSync, openSync, readSync } from 'node:fs'
import { UserError } from '../../base/errors.ts'
import { encodeNpy, npyHeader } from '../../engine/npy.ts'
import { float16ToFloat32 } from '../../engine/onnx/dtypes.ts'
import { type BlockSet, blockCount, damaged, openBlocks, rowsOf, writeBlock } from './blocks.ts'

/** Rows of `width` numbers each, in blocks on disk: float16 .npy files, which numpy reads. */
export interface RowSet extends Omit<BlockSet, 'extension'> {
  width: number
}

/** Reads rows from disk, those that are asked for and no others. */
export interface RowReader {
  rows: number
  width: number
  /** → [rows.length, width]. Throws UserError, which names the file, for a number that is not finite, and for a file that is gone. */
  read(rows: ArrayLike<number>): Float32Array
}

interface Block {
  file: string
  /** Bytes before the first number. */
  offset: number
}

/** Several kinds of the same rows, as far as they are there. */
export interface FeatureStore {
  /** Blocks that lack one of the kinds, in order. */
  missing: number[]
  /** Bytes of what is not there yet. */
  missingBytes: number
  /**
   * Makes those blocks that are missing; `make` gives the rows from..to of every kind, of one block at a time. → who reads each kind
   * @throws UserError for numbers that float16 cannot hold
   */
  complete(make: (from: number, to: number) => Promise<Float32Array[]>, update?: (rows: number) => void): Promise<RowReader[]>
}

/**
 * Checks what there is of these rows against its checksums: what is damaged counts as missing.
 * @param wanted the blocks that it is about, and whose rows are read later; default: all
 */
export async function openStore(sets: readonly RowSet[], wanted?: ReadonlySet<number>): Promise<FeatureStore> {
  const kinds: { set: RowSet; blocks: (Block | undefined)[] }[] = []
  for (const set of sets) kinds.push({ set, blocks: await openRows(set, wanted) })
  const numbers = wanted ? [...wanted].sort((a, b) => a - b) : [...Array.from({ length: blockCount(blocksOf(sets[0]!)) }).keys()]
  const all = numbers.map((block) => ({ block, ...rowsOf(blocksOf(sets[0]!), block) }))
  const lacks = (block: number) => kinds.some(({ blocks }) => !blocks[block])
  const missingOf = ({ blocks, set }: (typeof kinds)[number]) =>
    all.filter(({ block }) => !blocks[block]).reduce((sum, { from, to }) => sum + 2 * set.width * (to - from), 0)
  return {
    missing: numbers.filter(lacks),
    missingBytes: kinds.reduce((sum, kind) => sum + missingOf(kind), 0),
    async complete(make, update) {
      for (const { block, from, to } of all) {
        if (lacks(block)) {
          const parts = await make(from, to)
          for (const [i, { set, blocks }] of kinds.entries()) blocks[block] ??= await writeRows(set, block, parts[i]!)
        }
        update?.(to)
      }
      return kinds.map(({ set, blocks }) => readerOf(set, blocks as Block[]))
    },
  }
}

function readerOf(set: RowSet, blocks: readonly Block[]): RowReader {
  const { width, rows: count, blockRows } = set
  return {
    rows: count,
    width,
    read(rows) {
      const halves = new Uint16Array(rows.length * width)
      const order = Array.from(rows, (row, place) => ({ row, place })).sort((a, b) => a.row - b.row) // each file is opened once
      for (let i = 0; i < order.length; ) {
        const block = Math.floor(order[i]!.row / blockRows)
        const { file, offset } = blocks[block]!
        const handle = openFile(file)
        try {
          for (; i < order.length && Math.floor(order[i]!.row / blockRows) === block; i++) {
            const { row, place } = order[i]!
            const into = new Uint8Array(halves.buffer, 2 * place * width, 2 * width)
            const got = readSync(handle, into, 0, 2 * width, offset + 2 * width * (row % blockRows))
            if (got !== 2 * width) throw damaged(file, `${2 * width} bytes of row ${row}`, `${got}`)
            requireFinite(file, row, halves.subarray(place * width, (place + 1) * width))
          }
        } finally {
          closeSync(handle)
        }
      }
      return float16ToFloat32(halves)
    },
  }
}

function openFile(file: string): number {
  try {
    return openSync(file, 'r')
  } catch (error) {
    throw new UserError({
      where: file,
      expected: "teacher's features",
      got: (error as Error).message,
      hint: 'Start the command again: what is missing is made again.',
    })
  }
}

function openRows(set: RowSet, wanted?: ReadonlySet<number>): Promise<(Block | undefined)[]> {
  const parse = (bytes: Buffer, file: string, block: number) => {
    const { offset, rows, columns, width } = npyHeader(bytes, bytes.length, file)
    const { from, to } = rowsOf(blocksOf(set), block)
    if (rows !== to - from || columns !== set.width || width !== 2)
      throw damaged(file, `float16 [${to - from}, ${set.width}]`, `float${8 * width} [${rows}, ${columns}]`)
    return { offset }
  }
  return openBlocks(blocksOf(set), parse, wanted)
}

async function writeRows(set: RowSet, block: number, values: Float32Array): Promise<Block> {
  requireHalves(values, `${set.kind} ${rowsOf(blocksOf(set), block).from}`)
  const bytes = Buffer.from(encodeNpy(values, set.width))
  return { file: await writeBlock(blocksOf(set), block, bytes), offset: bytes.length - 2 * values.length }
}

function blocksOf(set: RowSet): BlockSet {
  return { ...set, extension: 'npy' }
}

const largestHalf = 65_504
/** All ones in a float16's exponent: infinite, or not a number. */
const notFinite = 0x7c00

function requireHalves(values: Float32Array, where: string): void {
  const bad = values.findIndex((value) => !(Math.abs(value) <= largestHalf))
  if (bad < 0) return
  const hint = Number.isFinite(values[bad])
    ? 'They are stored in float16: use --variants 0.'
    : 'The teacher is broken or overflows: try its fp32 files.'
  throw new UserError({ where: `teacher features of ${where}…`, expected: `numbers of at most ${largestHalf}`, got: `${values[bad]}`, hint })
}

function requireFinite(file: string, row: number, halves: Uint16Array): void {
  let i = 0
  while (i < halves.length && (halves[i]! & notFinite) !== notFinite) i++ // find is ten times slower, and this is done for every row of every step
  if (i === halves.length) return
  const got = (halves[i]! & 0x3ff) === 0 ? 'an infinite one' : 'NaN'
  throw new UserError({
    where: `${file}, row ${row}`,
    expected: 'finite numbers',
    got,
    hint: 'Delete the file: it is made again. If it comes back, the teacher is broken: try its fp32 files.',
  })
}
