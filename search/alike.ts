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

/** Near duplicates, which take one place of the results. */
export interface Cluster {
  /** The one that ranks best. */
  best: Found
  /** The others, in order of rank. */
  alike: Found[]
}

/** How many pictures of a folder or an index tell what its usual cosine is, at most. */
export const sampleSize = 128
/** So many pictures at least are looked at beyond those that are asked for. */
const beyond = 30
/** Less than 1 by what the cosine of a picture with its own copy loses to rounding. */
const sameCosine = 1 - 1e-6

/**
 * The usual cosine of two pictures: the lower quartile over all pairs of a sample; 0 for a single one. Models differ in it, and so do folders. Copies move a
 * quartile little.
 * @param sample embeddings of the pictures that are searched [n, E], of unit length
 */
export function usualCosine(sample: Float32Array, dim: number): number {
  const size = sample.length / dim
  const cosines: number[] = []
  const row = new Float32Array(size)
  for (let i = 1; i < size; i++) {
    scoreRows(sample, i, i + 1, sample.subarray(0, i * dim), dim, row)
    cosines.push(...row.subarray(0, i))
  }
  return cosines.length > 0 ? quantile(cosines, 0.25) : 0
}

/**
 * The cosine from which on two pictures are near duplicates: u + alike · (1 − u), or Infinity where `alike` is 1. u is the usual cosine.
 * @param alike 0 for as alike as two pictures usually are; 1: none are near duplicates, not even copies
 */
export function leastCosine(alike: number, usual: number): number {
  return alike === 1 ? Infinity : Math.min(usual + alike * (1 - usual), sameCosine)
}

/**
 * The first `top` clusters of a ranking. A picture joins the first cluster to whose best picture it has a cosine of at least `least`; else it begins one of
 * its own, while there are fewer than `top`.
 */
export function clusterRanking(ranking: Found[], least: number, top: number): Cluster[] {
  const clusters: Cluster[] = []
  const cosine = new Float32Array(1)
  for (const found of ranking) {
    const cluster = clusters.find(({ best }) => {
      scoreRows(best.vector, 0, 1, found.vector, found.vector.length, cosine)
      return cosine[0]! >= least
    })
    if (cluster) cluster.alike.push(found)
    else if (clusters.length < top) clusters.push({ best: found, alike: [] })
  }
  return clusters
}

/**
 * The first `top` clusters, with those of their pictures that rank among the first `reach(top)`, or further down where that many make too few clusters.
 * @param rank the best `count` pictures, best first
 * @param images pictures that there are
 */
export function findClusters(rank: (count: number) => Found[], images: number, least: number, top: number): Cluster[] {
  for (let count = reach(top); ; count *= 4) {
    const clusters = clusterRanking(rank(count), least, top)
    if (clusters.length === top || count >= images) return clusters
  }
}

/** How far down the ranking near duplicates of the first `top` are looked for. */
export function reach(top: number): number {
  return top + Math.max(beyond, top)
}
