import { BYTE_CHARACTERS, toByteLevel } from './byte-level.ts'

/** One word as a list of symbol ids, shortened in place by merges. */
type Word = { symbols: number[]; count: number }
type Pair = { left: number; right: number; count: number; words: Set<number> }
type Entry = { pair: Pair; count: number }

/** Byte-pair encoding as a tokenizer has it: symbols, the 256 bytes among them, and merges ("left right") in order of rank. */
export interface Bpe {
  symbols: string[]
  merges: string[]
}

// Symbol ids stay far below this, so left · 2^20 + right is exact.
const RADIX = 2 ** 20

/**
 * Learns byte-level byte-pair encoding (Sennrich et al. 2016, over bytes as in GPT-2): starting from the 256 bytes, joins the
 * commonest adjacent pair of symbols into a new one, until there are `size` symbols or no pair occurs twice.
 * Of equally common pairs the one of older symbols goes first, so the result is a function of the words alone.
 *
 * @param words the words and how often each occurs
 * @param size how many symbols there are to be, the 256 bytes included
 * @param start what it goes on from; its symbols and merges stay and come first
 * @param kept words that stay spelled as `start` spells them: pairs that occur in them are not joined
 * @returns the symbols in order of birth, and the merges in order of rank
 */
export function trainBpe(
  words: Map<string, number>,
  size: number,
  start: Bpe = { symbols: [...BYTE_CHARACTERS], merges: [] },
  kept: Iterable<string> = [],
): Bpe {
  const symbols = [...start.symbols]
  const merges = [...start.merges]
  const idOf = new Map(symbols.map((symbol, id) => [symbol, id]))
  const speller = spellerOf(start, idOf)
  const refused = new Set<number>()
  for (const word of kept) for (const key of keysOf(speller(word))) refused.add(key)
  const list: Word[] = Array.from(words, ([text, count]) => ({ symbols: speller(text), count }))
  const pairs = new Map<number, Pair>()
  list.forEach((_, index) => tally(pairs, list, index, 1))
  const queue = new PairQueue()
  for (const pair of pairs.values()) queue.push(pair)
  while (symbols.length < size) {
    const best = queue.pop()
    if (!best || best.count < 2) break
    if (refused.has(best.left * RADIX + best.right)) continue
    const joined = symbols[best.left]! + symbols[best.right]!
    // Two different pairs may spell the same symbol: the second is one more way to reach it.
    const born = idOf.get(joined) ?? symbols.push(joined) - 1
    idOf.set(joined, born)
    merges.push(`${symbols[best.left]} ${symbols[best.right]}`)
    const touched = new Set<Pair>()
    for (const index of best.words) {
      for (const pair of tally(pairs, list, index, -1)) touched.add(pair)
      join(list[index]!.symbols, best.left, best.right, born)
      for (const pair of tally(pairs, list, index, 1)) touched.add(pair)
    }
    for (const pair of touched) queue.push(pair)
  }
  return { symbols, merges }
}

/** Spells words by merges, the one of the lowest rank first, as tokenizers do. */
function spellerOf({ merges }: Bpe, idOf: Map<string, number>): (word: string) => number[] {
  const ranks = new Map<number, { rank: number; joined: number }>()
  for (const [rank, merge] of merges.entries()) {
    const [left, right] = merge.split(' ') as [string, string]
    ranks.set(idOf.get(left)! * RADIX + idOf.get(right)!, { rank, joined: idOf.get(left + right)! })
  }
  return (word) => {
    const spelled = Array.from(toByteLevel(word), (character) => idOf.get(character)!)
    for (;;) {
      const known = keysOf(spelled).flatMap((key) => ranks.get(key) ?? [])
      if (known.length === 0) return spelled
      const { rank, joined } = known.reduce((best, one) => (one.rank < best.rank ? one : best))
      const [left, right] = merges[rank]!.split(' ') as [string, string]
      join(spelled, idOf.get(left)!, idOf.get(right)!, joined)
    }
  }
}

/** Every two neighbours, as one number. */
function keysOf(symbols: number[]): number[] {
  return symbols.slice(1).map((right, i) => symbols[i]! * RADIX + right)
}

/** Adds (sign 1) or takes away (sign -1) the pairs of one word; returns the pairs it met. */
function tally(pairs: Map<number, Pair>, list: Word[], index: number, sign: 1 | -1): Pair[] {
  const { symbols, count } = list[index]!
  const met: Pair[] = []
  for (let i = 1; i < symbols.length; i++) {
    const left = symbols[i - 1]!
    const right = symbols[i]!
    const key = left * RADIX + right
    let pair = pairs.get(key)
    if (!pair) {
      pair = { left, right, count: 0, words: new Set() }
      pairs.set(key, pair)
    }
    pair.count += sign * count
    if (sign === 1) pair.words.add(index)
    else pair.words.delete(index)
    met.push(pair)
  }
  return met
}

function join(symbols: number[], left: number, right: number, born: number): void {
  let kept = 0
  for (let i = 0; i < symbols.length; i++) {
    const hit = symbols[i] === left && symbols[i + 1] === right
    symbols[kept++] = hit ? born : symbols[i]!
    if (hit) i++
  }
  symbols.length = kept
}

/** A binary heap of pairs by count; an entry whose pair has changed since is stale and is skipped on the way out. */
class PairQueue {
  readonly #heap: Entry[] = []

  push(pair: Pair): void {
    if (pair.count < 2) return
    const heap = this.#heap
    heap.push({ pair, count: pair.count })
    let i = heap.length - 1
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (!before(heap[i]!, heap[parent]!)) break
      swap(heap, i, parent)
      i = parent
    }
  }

  pop(): Pair | undefined {
    for (;;) {
      const heap = this.#heap
      const top = heap[0]
      const last = heap.pop()
      if (!top || !last) return undefined
      if (heap.length > 0) {
        heap[0] = last
        this.#sink()
      }
      if (top.count === top.pair.count) return top.pair
    }
  }

  #sink(): void {
    const heap = this.#heap
    let i = 0
    for (;;) {
      let best = i
      for (const child of [2 * i + 1, 2 * i + 2]) {
        if (child < heap.length && before(heap[child]!, heap[best]!)) best = child
      }
      if (best === i) return
      swap(heap, i, best)
      i = best
    }
  }
}

function before(a: Entry, b: Entry): boolean {
  if (a.count !== b.count) return a.count > b.count
  return a.pair.left < b.pair.left || (a.pair.left === b.pair.left && a.pair.right < b.pair.right)
}

function swap(heap: Entry[], i: number, j: number): void {
  const held = heap[i]!
  heap[i] = heap[j]!
  heap[j] = held
}
