import { crc32 } from 'node:zlib'

/** Ids that a block stands for: block n those from n · blockIds to (n + 1) · blockIds - 1. */
export const blockIds = 1024
/** Rounding of scores to float32 and of all that bounds them, relative to the lengths of query and embedding; about 16 times what it comes to. */
const rounding = 1e-6

/** Embeddings x in int8: x ≈ scale · c, with c whole numbers from -127 to 127. n rows, in order of their ids. */
export interface Block {
  /** The least id that the block stands for. */
  first: number
  /** Ids of the rows, less `first`. [n] */
  places: Uint16Array
  /** Four rows a word, a byte c + 128 of each, the first row lowest: word [g, e] has component e of the rows 4g to 4g + 3. [⌈n / 4⌉, E] */
  words: Int32Array
  /** [n] */
  scales: Float32Array
  /** |x - scale · c| of each row, rounded up. [n] */
  errors: Float32Array
  /** All of these but `first`, as a file holds them: words, scales, errors, places, little-endian. */
  bytes: ArrayBuffer
}

/** Quantizes embeddings. @param ids ascending, all of one block [n] @param vectors [n, E] */
export function packBlock(first: number, ids: readonly number[], vectors: Float32Array, dim: number): Block {
  const block = viewBlock(first, new ArrayBuffer(bytesOfBlock(ids.length, dim)), ids.length, dim)
  const codes = new Uint8Array(block.words.buffer, 0, block.words.byteLength)
  for (const [row, id] of ids.entries()) {
    block.places[row] = id - first
    const from = row * dim
    const scale = Math.fround(largestSize(vectors, from, dim) / 127)
    let squares = 0
    let lost = 0
    for (let e = 0, at = (row >> 2) * 4 * dim + (row & 3); e < dim; e++, at += 4) {
      const value = vectors[from + e]!
      const code = scale === 0 ? 0 : Math.max(-127, Math.min(127, Math.round(value / scale)))
      codes[at] = code + 128
      squares += value * value
      lost += (value - scale * code) ** 2
    }
    block.scales[row] = scale
    block.errors[row] = Math.sqrt(lost) * (1 + rounding) + Math.sqrt(squares) * rounding
  }
  return block
}

/** The block that `bytes` hold, undefined where they are not as long as one of `rows` rows. */
export function openBlock(first: number, bytes: ArrayBuffer, rows: number, dim: number): Block | undefined {
  return bytes.byteLength === bytesOfBlock(rows, dim) ? viewBlock(first, bytes, rows, dim) : undefined
}

/** CRC-32 of a block's bytes, begun with its number: block n begins with the id n · blockIds. */
export function sumOfBlock(number: number, bytes: ArrayBuffer): number {
  return crc32(new Uint8Array(bytes), number)
}

function bytesOfBlock(rows: number, dim: number): number {
  return 4 * Math.ceil(rows / 4) * dim + 10 * rows
}

function viewBlock(first: number, bytes: ArrayBuffer, rows: number, dim: number): Block {
  const words = new Int32Array(bytes, 0, Math.ceil(rows / 4) * dim)
  const scales = new Float32Array(bytes, words.byteLength, rows)
  const errors = new Float32Array(bytes, words.byteLength + 4 * rows, rows)
  return { first, places: new Uint16Array(bytes, words.byteLength + 8 * rows, rows), words, scales, errors, bytes }
}

function largestSize(values: Float32Array, from: number, count: number): number {
  let most = 0
  for (let i = from; i < from + count; i++) most = Math.max(most, Math.abs(values[i]!))
  return most
}
