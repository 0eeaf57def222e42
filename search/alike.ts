import { quantile } from '../eval/latency.ts'
import { scoreRows } from '../eval/similarity.ts'

/** A picture of the ranking. */
export interface Found {
  path: string
  /** Cosine with what is looked for. */
  score: number
  /** [E], of unit length */
  vector: Float32Array
}

/** Pictures that take one place of the results: the one that ranks best, and those that are alike it, in order of rank. */
export interface Group {
  best: Found
  alike: Found[]
}

/** Pictures of which the usual cosine is measured, at most. */
export const sampleSize = 128
/** So many pictures at least are looked at beyond those that are asked for. */
const beyond = 30

/**
 * The cosine from which on two pictures are alike: u + alike · (1 − u). u is the usual cosine of two different pictures, the lower quartile over all pairs
 * of a sample: models differ in it, and so do folders, and copies among the sample are too few to move it.
 * @param alike 0 for as alike as two pictures usually are, 1 for the same picture
 * @param sample embeddings of the pictures that are searched [n, E], of unit length
 */
export function leastCosine(alike: number, sample: Float32Array, dim: number): number {
  const size = sample.length / dim
  const cosines: number[] = []
  const row = new Float32Array(size)
  for (let i = 1; i < size; i++) {
    scoreRows(sample, i, i + 1, sample.subarray(0, i * dim), dim, row)
    cosines.push(...row.subarray(0, i))
  }
  const usual = cosines.length > 0 ? quantile(cosines, 0.25) : 0
  return Math.min(usual + alike * (1 - usual), 1 - 1e-6) // copies differ by rounding
}

/**
 * The first `top` groups of a ranking. A picture joins the first group to whose best picture it has a cosine of at least `least`; else it begins one of its
 * own, while there are fewer than `top`.
 */
export function groupAlike(ranking: Found[], least: number, top: number): Group[] {
  const groups: Group[] = []
  const cosine = new Float32Array(1)
  for (const found of ranking) {
    const group = groups.find(({ best }) => {
      scoreRows(best.vector, 0, 1, found.vector, found.vector.length, cosine)
      return cosine[0]! >= least
    })
    if (group) group.alike.push(found)
    else if (groups.length < top) groups.push({ best: found, alike: [] })
  }
  return groups
}

/**
 * The first `top` groups, with those of their pictures that rank among the first `reach(top)`, or further down where that many make too few groups.
 * @param rank the best pictures, so many of them, best first
 * @param images pictures that there are
 * @param least undefined: every picture is a group of its own
 */
export function findGroups(rank: (count: number) => Found[], { images, least, top }: { images: number; least?: number; top: number }): Group[] {
  if (least === undefined) return rank(top).map((best) => ({ best, alike: [] }))
  for (let count = reach(top); ; count *= 4) {
    const groups = groupAlike(rank(count), least, top)
    if (groups.length === top || count >= images) return groups
  }
}

/** How far down the ranking pictures are looked for that are alike one of the first `top`. */
export function reach(top: number): number {
  return top + Math.max(beyond, top)
}
