import { largest, type SearchHit } from '../../eval/search.ts'
import { scoreRows } from '../../eval/similarity.ts'
import { type Database, textOf } from './database.ts'
import { nearInGraph } from './graph.ts'
import { asBytes, type VectorBlock, vectorBlocks, vectorOf } from './store.ts'

export interface Neighbour {
  id: number
  path: string
  /** Cosine with the query. */
  score: number
  /** [E] */
  vector: Float32Array
}

/**
 * Exact search: for each query the `count` images with the highest cosine, best first; equal scores in order of path.
 * @param queries [Q, E], of unit length
 * @param visited called with the number of images scored so far
 */
export function nearestExact(db: Database, queries: Float32Array, dim: number, count: number, visited?: (images: number) => void): Neighbour[][] {
  const size = queries.length / dim
  const best = Array.from({ length: size }, (): Neighbour[] => [])
  let seen = 0
  for (const block of vectorBlocks(db, dim)) {
    const scores = new Float32Array(size * block.ids.length)
    scoreRows(queries, 0, size, block.vectors, dim, scores)
    for (let q = 0; q < size; q++) {
      const row = scores.subarray(q * block.ids.length, (q + 1) * block.ids.length)
      best[q] = merge(best[q]!, largest(row, count), block, { count, dim })
    }
    seen += block.ids.length
    visited?.(seen)
  }
  return best
}

/** Search by the graph: about the `count` nearest images, with exact scores; ordered as nearestExact orders them. query [E] */
export function nearestApproximate(db: Database, query: Float32Array, count: number): Neighbour[] {
  const dim = query.length
  const ids = nearInGraph(db, query, count)
  const rows = db.all(`SELECT id, ${asBytes('path', 'vector')} FROM images WHERE vector IS NOT NULL AND id IN (${ids.join()})`)
  const scored = rows.map((row): Neighbour => {
    const vector = vectorOf(db, row, dim)
    const score = new Float32Array(1)
    scoreRows(query, 0, 1, vector, dim, score)
    return { id: Number(row.id), path: textOf(db, row.path), score: score[0]!, vector }
  })
  return scored.sort((a, b) => b.score - a.score || (a.path < b.path ? -1 : 1))
}

/** Blocks come in order of path, so that of equal scores the kept ones stand before the new ones. Vectors are copied: a block is not held for a few of them. */
function merge(
  kept: Neighbour[],
  hits: SearchHit[],
  { ids, paths, vectors }: VectorBlock,
  { count, dim }: { count: number; dim: number },
): Neighbour[] {
  const least = kept.length === count ? kept.at(-1)!.score : -Infinity
  const rows = hits
    .filter(({ score }) => score > least)
    .map(({ index, score }): Neighbour => ({ id: ids[index]!, path: paths[index]!, score, vector: vectors.slice(index * dim, (index + 1) * dim) }))
  return [...kept, ...rows].sort((a, b) => b.score - a.score).slice(0, count)
}
