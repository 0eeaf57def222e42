import { scoreRows } from '../../eval/similarity.ts'
import type { Block } from './block.ts'
import { type Database, textOf } from './database.ts'
import { nearInGraph } from './graph.ts'
import { type Candidate, scanBlocks } from './scan.ts'
import { asBytes, vectorOf } from './store.ts'

export interface Neighbour {
  id: number
  path: string
  /** Cosine with the query. */
  score: number
  /** [E] */
  vector: Float32Array
}

/** Candidates whose embeddings are read at a time. */
const portion = 256

/**
 * Exact search: for each query the `count` images with the highest cosine, best first; equal scores in order of path. Blocks of int8 tell which may be among
 * them; those are scored by their embeddings, down to the first that cannot reach the last one found.
 * @param queries [Q, E], of unit length
 * @param visited called with the number of images seen so far
 */
export function nearestExact(
  db: Database,
  blocks: Iterable<Block>,
  queries: Float32Array,
  dim: number,
  count: number,
  visited?: (images: number) => void,
): Neighbour[][] {
  const pools = scanBlocks(blocks, queries, dim, count, visited)
  return pools.map((candidates, q) => bestOf(db, candidates, queries.subarray(q * dim, (q + 1) * dim), count))
}

function bestOf(db: Database, candidates: Candidate[], query: Float32Array, count: number): Neighbour[] {
  let best: Neighbour[] = []
  for (let from = 0; from < candidates.length; from += portion) {
    if (best.length === count && candidates[from]!.upper < best.at(-1)!.score) break
    const ids = candidates.slice(from, from + portion).map(({ id }) => id)
    best = [...best, ...scored(db, query, ids)].sort(byRank).slice(0, count)
  }
  return best
}

/** Search by the graph: about the `count` nearest images, with exact scores; ordered as nearestExact orders them. query [E] */
export function nearestApproximate(db: Database, query: Float32Array, count: number): Neighbour[] {
  return scored(db, query, nearInGraph(db, query, count)).sort(byRank)
}

/** Images with their scores, in any order; those that are gone are left out. */
function scored(db: Database, query: Float32Array, ids: number[]): Neighbour[] {
  const dim = query.length
  const score = new Float32Array(1)
  return db.all(`SELECT id, ${asBytes('path', 'vector')} FROM images WHERE vector IS NOT NULL AND id IN (${ids.join()})`).map((row): Neighbour => {
    const vector = vectorOf(db, row, dim)
    scoreRows(query, 0, 1, vector, dim, score)
    return { id: Number(row.id), path: textOf(db, row.path), score: score[0]!, vector }
  })
}

function byRank(a: Neighbour, b: Neighbour): number {
  return b.score - a.score || (a.path < b.path ? -1 : 1)
}
