/** The two directions of retrieval; open_clip's names are built from them. */
export const directions = ['text_to_image', 'image_to_text'] as const
export type Direction = (typeof directions)[number]

/** The K of recall@K that every report carries. */
export const cutoffs = [1, 5, 10] as const
export type Cutoff = (typeof cutoffs)[number]

export type RecallName = `${Direction}_R@${Cutoff}`
export type MetricName = RecallName | 'mean_recall' | 'median_rank' | `${Direction}_median_rank` | `${Direction}_mean_rank`

/** The key under which reports store recall@K of one direction, e.g. `text_to_image_R@5`. */
export function recallName(direction: Direction, cutoff: Cutoff): RecallName {
  return `${direction}_R@${cutoff}`
}

/** The six recalls of a report, text→image first. */
export function recallNames(): RecallName[] {
  return directions.flatMap((direction) => cutoffs.map((cutoff) => recallName(direction, cutoff)))
}

/** Share of ranks ≤ `cutoff`, in [0, 1]: recall@K when any positive counts as a hit. `ranks` [Q] start at 1. */
export function recallAt(ranks: ArrayLike<number>, cutoff: number): number {
  let hits = 0
  for (let i = 0; i < ranks.length; i++) if (ranks[i]! <= cutoff) hits++
  return hits / ranks.length
}

/** Arithmetic mean. NaN when empty. */
export function mean(values: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]!
  return sum / values.length
}

/** The middle value; of an even count the mean of the two in the middle. NaN when empty. */
function median(values: ArrayLike<number>): number {
  const sorted = Float64Array.from(values).sort()
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** Recall@1/5/10, median and mean rank of one direction, under their report names. `ranks` [Q] start at 1. */
export function directionMetrics(direction: Direction, ranks: ArrayLike<number>): Partial<Record<MetricName, number>> {
  const metrics: Partial<Record<MetricName, number>> = {}
  for (const cutoff of cutoffs) metrics[recallName(direction, cutoff)] = recallAt(ranks, cutoff)
  metrics[`${direction}_median_rank`] = median(ranks)
  metrics[`${direction}_mean_rank`] = mean(ranks)
  return metrics
}

/**
 * Everything a report says of one retrieval, from the ranks of both directions.
 * `mean_recall` is the mean of the six recalls; `median_rank` the mean of the two directions' medians, so that
 * five captions per image do not make text→image count five times.
 */
export function retrievalMetrics(textToImage: ArrayLike<number>, imageToText: ArrayLike<number>): Record<MetricName, number> {
  const metrics = {
    ...directionMetrics('text_to_image', textToImage),
    ...directionMetrics('image_to_text', imageToText),
  } as Record<MetricName, number>
  metrics.mean_recall = mean(recallNames().map((name) => metrics[name]))
  metrics.median_rank = (metrics.text_to_image_median_rank + metrics.image_to_text_median_rank) / 2
  return metrics
}
