import { createHash } from 'node:crypto'
import sharp from 'sharp'
import { UserError } from '../../base/errors.ts'
import type { ImageSource } from '../sample.ts'

/** What a picture is compared by. */
export interface Fingerprint {
  /** Of the bytes. */
  sha1: string
  /** Difference hash: whether each of 16 × 16 cells is darker than its right neighbour; empty for a picture without contrast. */
  cells: Uint16Array
}

const side = 16
/** Bits of 256 in which two pictures may differ and still be one: fewer than there are words, so that two near pictures share a word. */
const near = 10

/**
 * Decodes a picture as a whole.
 * @throws Error with libvips' words where it cannot be decoded
 */
export async function fingerprint(image: ImageSource): Promise<Fingerprint> {
  const bytes = await image.read()
  if (bytes.length === 0) throw new UserError({ where: image.key, expected: 'an image', got: 'an empty file', hint: 'Replace it.' })
  const sha1 = createHash('sha1').update(bytes).digest('hex')
  const small = sharp(bytes)
    .autoOrient()
    .flatten({ background: '#fff' })
    .greyscale()
    .resize(side + 1, side, { fit: 'fill' })
  const grey = await small.raw().toBuffer()
  const range = Math.max(...grey) - Math.min(...grey)
  return range < 8 ? { sha1, cells: new Uint16Array() } : { sha1, cells: differenceHash(grey) }
}

/** Source: N. Krawetz, "Kind of Like That", 2013 (dHash), with 16 × 16 cells instead of 8 × 8. */
function differenceHash(grey: Uint8Array): Uint16Array {
  const words = new Uint16Array(side)
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) if (grey[y * (side + 1) + x]! < grey[y * (side + 1) + x + 1]!) words[y]! |= 1 << x
  }
  return words
}

interface Known<T> {
  item: T
  /** Among all pictures. */
  place: number
  cells: Uint16Array
}

/** Finds the first earlier picture that is the same or nearly so; adds the picture to those known. */
export function duplicateFinder<T>(): (print: Fingerprint, item: T) => { item: T; same: boolean } | undefined {
  const bySha1 = new Map<string, Known<T>>()
  const byWord = new Map<number, Known<T>[]>()
  let count = 0
  return ({ sha1, cells }, item) => {
    const known: Known<T> = { item, place: count++, cells }
    const same = bySha1.get(sha1)
    let first = same
    for (const [row, word] of cells.entries()) {
      const key = row * 65536 + word
      const bucket = byWord.get(key) ?? []
      const alike = bucket.slice(0, 200).find((other) => distance(other.cells, cells) <= near)
      if (alike && (!first || alike.place < first.place)) first = alike
      if (same) continue // its cells are there already
      bucket.push(known)
      byWord.set(key, bucket)
    }
    if (!same) bySha1.set(sha1, known)
    return first && { item: first.item, same: first === same }
  }
}

function distance(a: Uint16Array, b: Uint16Array): number {
  let bits = 0
  for (let i = 0; i < side; i++) for (let rest = a[i]! ^ b[i]!; rest; rest &= rest - 1) bits++
  return bits
}
