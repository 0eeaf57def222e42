import type { RetrievalTask } from '../corpora/retrieval-task.ts'
import { type MetricName, retrievalMetrics } from './metrics.ts'
import type { RankedDirection, RetrievalResult } from './retrieval.ts'

/** Recall of the queries about one group of images; candidates are those of the whole task. */
export interface GroupResult {
  group: string
  /** Image→text queries about it. */
  queries: number
  metrics: Record<MetricName, number>
}

/**
 * Splits a result by the group of the image that each query is about (for a text of several images, the one it was written for, else the first), so that scores say
 * where a model is weak. Groups in order of appearance; images without a group, and groups that only one direction asks about, are left out.
 */
export function groupResults(task: RetrievalTask, { textToImage, imageToText }: Pick<RetrievalResult, 'textToImage' | 'imageToText'>): GroupResult[] {
  const groups = [...new Set(task.images.flatMap(({ group }) => (group === undefined ? [] : [group])))]
  return groups.flatMap((group) => {
    const texts = ranksOf(task, textToImage, group)
    const images = ranksOf(task, imageToText, group)
    if (texts.length === 0 || images.length === 0) return []
    return [{ group, queries: images.length, metrics: retrievalMetrics(texts, images) }]
  })
}

function ranksOf(task: RetrievalTask, { ranks, items }: RankedDirection, group: string): Int32Array {
  return ranks.filter((_, i) => task.images[items[i]!]!.group === group)
}
