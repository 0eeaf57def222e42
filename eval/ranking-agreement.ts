import { ndcg, overlapAt } from './consistency.ts'
import { mean } from './metrics.ts'
import { normalisedRows } from './rows.ts'
import type { ScoreOptions } from './score-blocks.ts'
import { embedDim, requireEqualDims } from './similarity.ts'
import { topRows } from './top-rows.ts'

/** What a model makes of the same pictures and the same texts; rows need not be normalised. */
export interface Embeddings {
  images: Float32Array // [N, E]
  texts: Float32Array // [Q, E]
}

export interface RankingAgreement {
  metrics: { 'overlap@10': number; 'ndcg@20': number }
  /** For each text the highest cosine of the second model's pictures with it [Q]. */
  best: Float32Array
}

const depth = 20

/**
 * How alike two models rank the same pictures for the same texts, whether they are right or not: for pictures that nobody has captioned.
 *
 *     overlap@10 = mean over texts of |top₁₀(a) ∩ top₁₀(b)| / 10
 *     ndcg@20    = mean of ½[NDCG(b | a) + NDCG(a | b)], see crossLingualConsistency
 *
 * Ties are broken in opposite ways for the two, so that a model that gives everything one score agrees with none.
 * @throws UserError for embeddings that are not finite or, within a model, not of equal length
 */
export async function rankingAgreement(
  where: string,
  a: Embeddings,
  b: Embeddings,
  { images, texts, ...options }: ScoreOptions & { images: number; texts: number },
): Promise<RankingAgreement> {
  const first = await ranking(where, a, 'first')
  const second = await ranking(where, b, 'last')
  const pairs = first.map((hits, i) => [hits.map(({ index }) => index), second[i]!.map(({ index }) => index)] as const)
  return {
    metrics: {
      'overlap@10': mean(pairs.map(([one, other]) => overlapAt(one, other, 10))),
      'ndcg@20': mean(pairs.map(([one, other]) => (ndcg(one, other) + ndcg(other, one)) / 2)),
    },
    best: Float32Array.from(second, ([hit]) => hit!.score),
  }

  function ranking(where: string, embeds: Embeddings, ties: 'first' | 'last') {
    const dim = embedDim(`${where}, pictures`, embeds.images, images)
    requireEqualDims(where, dim, embedDim(`${where}, texts`, embeds.texts, texts))
    const everyText = Array.from({ length: texts }, (_, i) => i)
    return topRows(normalisedRows(embeds.texts, dim), everyText, normalisedRows(embeds.images, dim), depth, { ...options, ties })
  }
}
