import { UserError } from '../base/errors.ts'
import { grouped } from '../base/grouped.ts'
import type { RetrievalTask } from '../corpora/retrieval-task.ts'
import { type BootstrapOptions, bootstrapMean, type Interval } from './bootstrap.ts'
import { mean } from './metrics.ts'
import { normalisedRows } from './rows.ts'
import type { ScoreOptions } from './score-blocks.ts'
import type { SearchHit } from './search.ts'
import { embedDim, requireEqualDims } from './similarity.ts'
import { topRows } from './top-rows.ts'

export const freeQueryMetricNames = ['precision@5', 'hit@5', 'ndcg@10'] as const
export type FreeQueryMetrics = Record<(typeof freeQueryMetricNames)[number], number>

/** The scores of the queries of one kind, or of all. */
interface FreeQueryScore {
  /** Undefined for all kinds together. */
  kind?: string
  queries: number
  metrics: FreeQueryMetrics
  /** The expected metrics of a ranking in random order. */
  chance: FreeQueryMetrics
  /** 95 % bootstrap intervals over the queries. */
  interval95: Record<keyof FreeQueryMetrics, Interval>
}

export interface FreeQueryResult {
  corpus: string
  protocol: string
  language: string
  gallery: number
  /** All kinds together first, then kind by kind in order of appearance. */
  scores: FreeQueryScore[]
  /** For each text the ten nearest images, best first. */
  hits: SearchHit[][]
}

/** A task of free queries: each text with its kind. */
export type FreeQueryTask = RetrievalTask & { kinds: string[] }

const precisionCutoff = 5
const ndcgCutoff = 10

export function isFreeQueryTask(task: RetrievalTask): task is FreeQueryTask {
  return task.kinds !== undefined
}

/**
 * precision@5, hit@5 and NDCG@10 of one query, see freeQueryMetrics.
 *
 *     precision@5 = relevant among the first five / 5
 *     hit@5       = 1 where one of the first five is relevant, else 0
 *     NDCG@10     = Σ relevant at rank r ≤ 10 of 1 / log2(1 + r), over the same sum of an ideal ranking
 *
 * Source: Järvelin & Kekäläinen 2002, with gains of 0 and 1.
 * @param ranked whether the image at each rank is relevant, best first; what lies beyond its end is not
 * @param relevant how many relevant images there are in the gallery
 */
export function freeQueryMetrics(ranked: readonly boolean[], relevant: number): FreeQueryMetrics {
  const hits = ranked.slice(0, precisionCutoff).filter(Boolean).length
  const dcg = ranked.slice(0, ndcgCutoff).reduce((sum, isRelevant, i) => sum + (isRelevant ? discount(i + 1) : 0), 0)
  return { 'precision@5': hits / precisionCutoff, 'hit@5': Number(hits > 0), 'ndcg@10': dcg / idealGain(relevant) }
}

/**
 * What a ranking in random order is expected to score on one query. The number of relevant images among the first K of N is
 * hypergeometric: its mean is K·R/N, and it is 0 with probability C(N − R, K) / C(N, K).
 * @param relevant R, at least 1
 * @param gallery N
 */
export function freeQueryChance(relevant: number, gallery: number): FreeQueryMetrics {
  const share = relevant / gallery
  let none = 1
  for (let i = 0; i < Math.min(precisionCutoff, gallery); i++) none *= Math.max(0, gallery - relevant - i) / (gallery - i)
  const first = Array.from({ length: Math.min(ndcgCutoff, gallery) }, (_, i) => discount(i + 1))
  return {
    'precision@5': (share * Math.min(precisionCutoff, gallery)) / precisionCutoff,
    'hit@5': 1 - none,
    'ndcg@10': (share * sum(first)) / idealGain(relevant),
  }
}

/**
 * Scores a task of free queries by cosine, all queries together and by kind. Equal scores come in order of index, as a search shows them.
 * @param imageEmbeds [task.images, E], need not be normalised
 * @param textEmbeds [task.texts, E], need not be normalised
 * @throws UserError for embeddings that are not finite or not of equal length, and for a query without a relevant image
 */
export async function evaluateFreeQueries(
  task: FreeQueryTask,
  imageEmbeds: Float32Array,
  textEmbeds: Float32Array,
  options: BootstrapOptions & ScoreOptions = {},
): Promise<FreeQueryResult> {
  const { corpus, protocol, language, texts, images, positives, kinds } = task
  const where = `${corpus} ${protocol} (${language})`
  requireRelevant(where, task)
  const dim = embedDim(`${where}, images`, imageEmbeds, images.length)
  requireEqualDims(where, dim, embedDim(`${where}, texts`, textEmbeds, texts.length))
  const queries = [...texts.keys()]
  const hits = await topRows(normalisedRows(textEmbeds, dim), queries, normalisedRows(imageEmbeds, dim), ndcgCutoff, options)
  const metrics = hits.map((list, query) => {
    const relevant = new Set(positives[query])
    return freeQueryMetrics(
      list.map(({ index }) => relevant.has(index)),
      relevant.size,
    )
  })
  const chance = positives.map((list) => freeQueryChance(new Set(list).size, images.length))
  const scoreOf = (members: number[]) => {
    const values = (name: keyof FreeQueryMetrics) => members.map((query) => metrics[query]![name])
    return {
      queries: members.length,
      metrics: byName((name) => mean(values(name))),
      chance: byName((name) => mean(members.map((query) => chance[query]![name]))),
      interval95: byName((name) => bootstrapMean(values(name), options)),
    }
  }
  const kindSets = grouped(queries, (query) => kinds[query]!)
  return {
    corpus,
    protocol,
    language,
    gallery: images.length,
    scores: [scoreOf(queries), ...[...kindSets].map(([kind, members]) => ({ kind, ...scoreOf(members) }))],
    hits,
  }
}

function requireRelevant(where: string, { texts, positives, kinds }: FreeQueryTask): void {
  if (texts.length > 0 && positives.length === texts.length && kinds.length === texts.length && positives.every(({ length }) => length > 0)) return
  const bare = positives.findIndex(({ length }) => length === 0)
  throw new UserError({
    where,
    expected: 'free queries, each with a kind and at least one relevant image',
    got: bare < 0 ? `${texts.length} texts, ${kinds.length} kinds, ${positives.length} lists of images` : `none for “${texts[bare]}”`,
    hint: 'Label the query, or leave it out.',
  })
}

function discount(rank: number): number {
  return 1 / Math.log2(1 + rank)
}

function idealGain(relevant: number): number {
  return sum(Array.from({ length: Math.min(relevant, ndcgCutoff) }, (_, i) => discount(i + 1)))
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

function byName<T>(make: (name: keyof FreeQueryMetrics) => T): Record<keyof FreeQueryMetrics, T> {
  return { 'precision@5': make('precision@5'), 'hit@5': make('hit@5'), 'ndcg@10': make('ndcg@10') }
}
