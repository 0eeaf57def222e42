import { exactScore, type Rows } from './rows.ts'
import { forEachScoreBlock, type ScoreOptions } from './score-blocks.ts'
import type { SearchHit } from './search.ts'

export interface TopOptions extends ScoreOptions {
  /** Which of equal scores comes first: that of the lower index (default), or of the higher. */
  ties?: 'first' | 'last'
}

/**
 * For each query the `count` gallery rows with the highest dot product, best first, exactly as searchEmbeddings would find them.
 * @param queries rows `indices[0]`, `indices[1]`, … of it ask
 * @returns a list of min(count, N) hits for each query
 */
export async function topRows(
  queries: Rows,
  indices: ArrayLike<number>,
  gallery: Rows,
  count: number,
  { ties = 'first', ...options }: TopOptions = {},
): Promise<SearchHit[][]> {
  const best = Array.from(indices, (): SearchHit[] => [])
  const full = Math.min(count, gallery.count)
  const isBefore = (a: SearchHit, b: SearchHit) =>
    a.score > b.score || (a.score === b.score && (ties === 'first' ? a.index < b.index : a.index > b.index))
  await forEachScoreBlock(
    queries,
    indices,
    gallery,
    ({ from, to, first, size, scores, errors }) => {
      for (let q = from; q < to; q++) {
        const hits = best[q]!
        const row = (q - from) * size
        let least = hits.length < full ? Number.NEGATIVE_INFINITY : hits.at(-1)!.score - errors[q - from]!
        for (let g = 0; g < size; g++) {
          if (scores[row + g]! < least) continue // NaN goes on: the exact score decides
          const hit = { index: first + g, score: exactScore(queries, indices[q]!, gallery, first + g) }
          if (hits.length === full && !isBefore(hit, hits.at(-1)!)) continue
          insert(hits, hit, isBefore)
          if (hits.length > full) hits.pop()
          if (hits.length === full) least = hits.at(-1)!.score - errors[q - from]!
        }
      }
    },
    options,
  )
  return best
}

function insert(hits: SearchHit[], hit: SearchHit, isBefore: (a: SearchHit, b: SearchHit) => boolean): void {
  let at = hits.length
  while (at > 0 && isBefore(hit, hits[at - 1]!)) at--
  hits.splice(at, 0, hit)
}
