import type { Cluster, Found } from './alike.ts'

/** A picture that was found. */
export interface Hit {
  /** The cosine. */
  score: number
  path: string
  /** Whether the least score is reached, where there is one. */
  fits?: boolean
}

/** A place of the results: the best picture of near duplicates, and the others, which take it with that one. */
export interface Place extends Hit {
  rank: number
  /** Best first; empty where there are none, or none were looked for. */
  alike: Hit[]
}

/** Clusters in order of rank, as a reply has them. */
export function placesOf(clusters: Cluster[], minScore: number | undefined): Place[] {
  const hit = ({ score, path }: Found): Hit => ({ score, path, ...(minScore !== undefined && { fits: score >= minScore }) })
  return clusters.map(({ best, alike }, i) => ({ rank: i + 1, ...hit(best), alike: alike.map(hit) }))
}
