import { UserError } from '../base/errors.ts'
import { exactScore, plainRows, type Rows } from './rows.ts'
import { forEachScoreBlock, type ScoreOptions } from './score-blocks.ts'
import { embedDim, requireEqualDims } from './similarity.ts'

/** Scores counted at a time; few such stretches hold one that must be looked at again. */
const stretch = 512

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
 * Ranks each query's best positive among the gallery by dot product.
 * @param queries [Q, E]
 * @param gallery [G, E]
 * @param positives for each query the gallery rows that are right (Q lists, none empty; a row named twice counts once)
 * @returns ranks [Q], from 1 (see rankRow for ties)
 * @throws UserError for an empty gallery, non-finite or unequally long embeddings, a query without ground truth
 */
export async function rankQueries(
  queries: Float32Array,
  gallery: Float32Array,
  positives: readonly (readonly number[])[],
  options: ScoreOptions = {},
): Promise<Int32Array> {
  const count = positives.length
  const dim = embedDim('retrieval queries', queries, count)
  if (gallery.length % dim !== 0) requireEqualDims('retrieval gallery', dim, gallery.length)
  const size = gallery.length / dim
  requireEqualDims('retrieval', dim, embedDim('retrieval gallery', gallery, size))
  const everyQuery = Uint32Array.from({ length: count }, (_, i) => i)
  return rankRows(plainRows(queries, dim), everyQuery, plainRows(gallery, dim), positives, options)
}

/**
 * rankQueries on rows that were checked: rows `indices[0]`, `indices[1]`, … of `queries` ask, `positives[0]`, `positives[1]`, … are right.
 * Candidates are counted from block products; those so near to the best positive that rounding could decide are scored again exactly.
 * So ranks are those that scoring everything in double precision would give, ties included.
 */
export async function rankRows(
  queries: Rows,
  indices: ArrayLike<number>,
  gallery: Rows,
  positives: readonly (readonly number[])[],
  options: ScoreOptions = {},
): Promise<Int32Array> {
  const checked = new Map<readonly number[], number[]>() // queries of one class share a list
  const truth = positives.map((list, query) => {
    const known = checked.get(list) ?? groundTruth(list, query, gallery.count)
    checked.set(list, known)
    return known
  })
  const best = new Float64Array(indices.length)
  const above = new Int32Array(indices.length)
  const tied = new Int32Array(indices.length)
  truth.forEach((list, q) => {
    const scores = list.map((positive) => exactScore(queries, indices[q]!, gallery, positive))
    best[q] = scores.reduce((most, score) => Math.max(most, score))
    // Positives that equal the best one will be met among the tied; they do not stand in its way.
    tied[q] = -scores.filter((score) => score === best[q]).length
  })
  await forEachScoreBlock(
    queries,
    indices,
    gallery,
    ({ from, to, first, size, scores, errors }) => {
      for (let q = from; q < to; q++) {
        const [low, high] = [best[q]! - errors[q - from]!, best[q]! + errors[q - from]!]
        const row = (q - from) * size
        for (let part = row; part < row + size; part += stretch) {
          const end = Math.min(row + size, part + stretch)
          const { sure, open } = countAround(scores, part, end, low, high)
          above[q]! += sure
          if (open === 0) continue
          for (let at = part; at < end; at++) {
            if (!isOpen(scores[at]!, low, high)) continue
            const score = exactScore(queries, indices[q]!, gallery, first + at - row)
            if (score > best[q]!) above[q]!++
            else if (score === best[q]) tied[q]!++
          }
        }
      }
    },
    options,
  )
  return above.map((count, q) => 1 + count + Math.ceil(tied[q]! / 2))
}

/** How many of the scores `from` … `to − 1` are above `high`, and how many between `low` and `high`. Without branches: which way a score goes cannot be foreseen. */
function countAround(scores: Float32Array, from: number, to: number, low: number, high: number): { sure: number; open: number } {
  let sure = 0
  let reached = 0
  for (let g = from; g < to; g++) {
    sure += Number(scores[g]! > high)
    reached += Number(!(scores[g]! < low))
  }
  return { sure, open: reached - sure }
}

/** Whether a score is between the two, or NaN (an overflow inside the product): then the exact one decides. */
function isOpen(score: number, low: number, high: number): boolean {
  return Number(!(score < low)) - Number(score > high) !== 0
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
