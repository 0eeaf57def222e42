import { UserError } from '../base/errors.ts'
import { embedDim, requireEqualDims, scoreRows } from './similarity.ts'

export interface SearchHit {
  /** Row of the gallery. */
  index: number
  /** Dot product with the query; the cosine when both are normalised. */
  score: number
}

/**
 * Exact search: the `topK` gallery rows with the highest dot product, best first; equal scores in order of index.
 * Keeps a heap of K while it scans, so nothing of size N is sorted.
 * @param query [E]
 * @param gallery [N, E]
 * @returns min(topK, N) hits
 * @throws UserError for an empty gallery, embeddings that are not finite or not of equal length, a topK below 1
 */
export function searchEmbeddings(query: Float32Array, gallery: Float32Array, topK: number): SearchHit[] {
  if (!Number.isInteger(topK) || topK < 1) {
    throw new UserError({ where: 'search, topK', expected: 'a whole number ≥ 1', got: String(topK), hint: 'Ask for at least one result.' })
  }
  const dim = embedDim('search query', query, 1)
  if (gallery.length % dim !== 0) requireEqualDims('search gallery', dim, gallery.length)
  const size = gallery.length / dim
  embedDim('search gallery', gallery, size)
  return topHits(query, gallery, topK)
}

/** searchEmbeddings without its checks, for embeddings that have passed them. */
export function topHits(query: Float32Array, gallery: Float32Array, topK: number): SearchHit[] {
  const scores = new Float32Array(gallery.length / query.length)
  scoreRows(query, 0, 1, gallery, query.length, scores)
  return largest(scores, topK)
}

/** The `count` largest entries, best first; equal ones in order of index. O(N log count). */
export function largest(scores: Float32Array, count: number): SearchHit[] {
  const heap = new Uint32Array(Math.min(count, scores.length)) // the worst kept entry on top
  const worse = (a: number, b: number) => scores[a]! < scores[b]! || (scores[a] === scores[b] && a > b)
  let size = 0
  for (let index = 0; index < scores.length; index++) {
    if (size < heap.length) {
      heap[size] = index
      siftUp(heap, size++, worse)
    } else if (worse(heap[0]!, index)) {
      heap[0] = index
      siftDown(heap, size, worse)
    }
  }
  return Array.from(heap)
    .sort((a, b) => (worse(a, b) ? 1 : -1))
    .map((index) => ({ index, score: scores[index]! }))
}

type Order = (a: number, b: number) => boolean

function siftUp(heap: Uint32Array, from: number, worse: Order): void {
  for (let at = from; at > 0; ) {
    const parent = (at - 1) >> 1
    if (!worse(heap[at]!, heap[parent]!)) return
    swap(heap, at, parent)
    at = parent
  }
}

function siftDown(heap: Uint32Array, size: number, worse: Order): void {
  for (let at = 0; ; ) {
    let child = 2 * at + 1
    if (child >= size) return
    if (child + 1 < size && worse(heap[child + 1]!, heap[child]!)) child++
    if (!worse(heap[child]!, heap[at]!)) return
    swap(heap, at, child)
    at = child
  }
}

function swap(heap: Uint32Array, a: number, b: number): void {
  const held = heap[a]!
  heap[a] = heap[b]!
  heap[b] = held
}
