import type { Found, Group } from './alike.ts'

/** A picture that was found. */
export interface Hit {
  /** The cosine. */
  score: number
  path: string
  /** Whether the least score is reached, where there is one. */
  fits?: boolean
}

/** A place of the results: its best picture, and the others that take it with that one. */
export interface Place extends Hit {
  rank: number
  /** Near duplicates, best first; empty where there are none, or none were looked for. */
  alike: Hit[]
}

/** Groups in order of rank, as a reply has them. */
export function placesOf(groups: Group[], minScore: number | undefined): Place[] {
  const hit = ({ score, path }: Found): Hit => ({ score, path, ...(minScore !== undefined && { fits: score >= minScore }) })
  return groups.map(({ best, alike }, i) => ({ rank: i + 1, ...hit(best), alike: alike.map(hit) }))
}
