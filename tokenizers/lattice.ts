import { MAX_PIECE_LENGTH, type Spelling } from './seeds.ts'

/**
 * All ways to cut all words into pieces, flat: the edges of word w are those from `first[w]` to `first[w + 1]`, by ascending start.
 * Found once; pruning the vocabulary only drops edges.
 */
export type Lattice = {
  first: Int32Array
  length: Int32Array // of each word, in bytes
  start: Int32Array
  end: Int32Array
  piece: Int32Array
  longest: number
}

/** Builds the lattice of `words` over the pieces of `idOf` (byte-level spelling to id). */
export function buildLattice(words: Spelling[], idOf: Map<string, number>): Lattice {
  const first = [0]
  const edges: number[] = []
  for (const characters of words) {
    addWord(edges, characters, idOf)
    first.push(edges.length / 3)
  }
  const length = Int32Array.from(words, (characters) => characters.join('').length)
  const column = (offset: number) => Int32Array.from({ length: edges.length / 3 }, (_, i) => edges[3 * i + offset]!)
  return {
    first: Int32Array.from(first),
    length,
    start: column(0),
    end: column(1),
    piece: column(2),
    longest: length.reduce((a, b) => Math.max(a, b), 0),
  }
}

/** Returns the lattice without the edges of pieces for which `alive` is 0. */
export function pruneLattice(lattice: Lattice, alive: Uint8Array): Lattice {
  const first = new Int32Array(lattice.first.length)
  let kept = 0
  // Written in place: nothing else holds the old arrays, and a kept edge never moves past one that is still unread.
  const { start, end, piece } = lattice
  for (let w = 0; w + 1 < lattice.first.length; w++) {
    for (let e = lattice.first[w]!; e < lattice.first[w + 1]!; e++) {
      if (alive[piece[e]!] === 0) continue
      start[kept] = start[e]!
      end[kept] = end[e]!
      piece[kept++] = piece[e]!
    }
    first[w + 1] = kept
  }
  return { ...lattice, first, start: start.subarray(0, kept), end: end.subarray(0, kept), piece: piece.subarray(0, kept) }
}

function addWord(edges: number[], characters: Spelling, idOf: Map<string, number>): void {
  const word = characters.join('')
  const offsets = [0]
  for (const character of characters) offsets.push(offsets.at(-1)! + character.length)
  const add = (from: number, to: number) => {
    const id = idOf.get(word.slice(from, to))
    if (id !== undefined) edges.push(from, to, id)
  }
  for (let i = 0; i < characters.length; i++) {
    const from = offsets[i]!
    const to = offsets[i + 1]!
    if (to - from > 1) {
      add(from, from + 1)
      if (to - from > 2) add(from, to - 1)
    }
    for (let j = i + 1; j <= Math.min(characters.length, i + MAX_PIECE_LENGTH); j++) add(from, offsets[j]!)
    for (let byte = from + 1; byte < to; byte++) add(byte, byte + 1)
  }
}
