import { UserError } from '../engine/errors.ts'
import { embedDim, requireEqualDims, scoreRows } from './similarity.ts'

/** Scores held at a time: 16 MB, whatever the size of the gallery (one row at least). */
const blockScores = 4_000_000

/**
 * Rank of the best positive in one row of scores:
 *
 *     rank = 1 + #{non-positives above it} + ⌈#{non-positives equal to it} / 2⌉
 *
 * Ties thus cost what they would cost on average: a model that gives one score to everything lands in the middle, not on top.
 * @param scores [G], higher is better
 * @param positives distinct indices into `scores`, at least one
 * @returns 1 … G
 */
export function rankRow(scores: Float32Array, positives: readonly number[]): number {
  let best = Number.NEGATIVE_INFINITY
  for (const positive of positives) best = Math.max(best, scores[positive]!)
  let above = 0
  let tied = 0
  for (let g = 0; g < scores.length; g++) {
    const score = scores[g]!
    if (score > best) above++
    else if (score === best) tied++
  }
  // No positive is above the best one; those equal to it do not stand in its way.
  for (const positive of positives) if (scores[positive] === best) tied--
  return 1 + above + Math.ceil(tied / 2)
}

/**
 * Ranks each query's best positive among the gallery by dot product, a block of queries at a time.
 * @param queries [Q, E]
 * @param gallery [G, E]
 * @param positives for each query the gallery rows that are right (Q lists, none empty; a row named twice counts once)
 * @returns ranks [Q], from 1 (see rankRow for ties)
 * @throws UserError for an empty gallery, non-finite or unequally long embeddings, a query without ground truth
 */
export function rankQueries(queries: Float32Array, gallery: Float32Array, positives: readonly (readonly number[])[]): Int32Array {
  const count = positives.length
  const dim = embedDim('retrieval queries', queries, count)
  if (gallery.length % dim !== 0) requireEqualDims('retrieval gallery', dim, gallery.length)
  const size = gallery.length / dim
  requireEqualDims('retrieval', dim, embedDim('retrieval gallery', gallery, size))
  const truth = positives.map((list, query) => groundTruth(list, query, size))

  const ranks = new Int32Array(count)
  const block = Math.max(1, Math.min(count, Math.floor(blockScores / size)))
  const scores = new Float32Array(block * size)
  for (let from = 0; from < count; from += block) {
    const to = Math.min(count, from + block)
    scoreRows(queries, from, to, gallery, dim, scores)
    for (let q = from; q < to; q++) {
      const row = (q - from) * size
      ranks[q] = rankRow(scores.subarray(row, row + size), truth[q]!)
    }
  }
  return ranks
}

function groundTruth(positives: readonly number[], query: number, size: number): number[] {
  if (positives.length === 0) {
    throw new UserError({
      where: `retrieval query ${query}`,
      expected: 'at least one right answer in the gallery',
      got: 'none',
      hint: 'Leave it out of the queries (it may stay in the gallery), or add its ground truth.',
    })
  }
  for (const positive of positives) {
    if (Number.isInteger(positive) && positive >= 0 && positive < size) continue
    throw new UserError({
      where: `retrieval query ${query}`,
      expected: `ground truth in 0…${size - 1}`,
      got: String(positive),
      hint: 'The index points outside the gallery; was the gallery cut after the pairs were made?',
    })
  }
  return [...new Set(positives)]
}
