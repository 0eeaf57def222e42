import { UserError } from '../../base/errors.ts'
import { permutation, type Random, random } from '../../base/random.ts'

/** Where the classes of a training set lie in a teacher's space. */
export interface Centroids {
  count: number // M: at most k a class
  /** Unit vectors. [M, D] */
  rows: Float32Array
  /** The centroid each image belongs to: the nearest of its class. [N] */
  target: Int32Array
  /** Cosine of each image to its centroid, not below 0. [N] */
  confidence: Float32Array
}

interface CentroidOptions {
  /** Centroids a class; a class with fewer images has fewer. */
  k: number
  /** Images of a class that its centroids are made of, drawn at random where there are more. */
  samples: number
  seed: number
}

const rounds = 20
/** Images of a class whose vectors are read together. */
const atOnce = 4096

/**
 * Finds the centroids of every class: spherical k-means (assignment by cosine, means brought back to unit length) from k-means++ seeds.
 * With k = 1 this is the mean of the class's embeddings. A function of its arguments alone.
 * @param read gives the unit vectors of some images, [n, D]; no more than a class's samples are in memory at once
 * @param classes class of every vector, 0 … C−1 [N]
 * @throws UserError when no two images share a class: every mean would be one image
 */
export function classCentroids(
  read: (images: Uint32Array) => Float32Array,
  dim: number,
  classes: Int32Array,
  { k, samples, seed }: CentroidOptions,
): Centroids {
  const members = membersOf(classes)
  requireSharedClasses(members.length, classes.length)
  const target = new Int32Array(classes.length)
  const confidence = new Float32Array(classes.length)
  const centroids: Float32Array[] = []
  const rowsOf = (images: readonly number[]) => {
    const rows = read(Uint32Array.from(images))
    return images.map((_, i) => rows.subarray(i * dim, (i + 1) * dim))
  }
  for (const [label, images] of members.entries()) {
    const next = random(seed, 8, label)
    const chosen = images.length > samples ? Array.from(permutation(images.length, next).subarray(0, samples), (i) => images[i]!) : images
    const centres = kMeans(rowsOf(chosen), k, next)
    for (let from = 0; from < images.length; from += atOnce) {
      const part = images.slice(from, from + atOnce)
      for (const [at, row] of rowsOf(part).entries()) {
        const { index, cosine } = nearest(row, centres)
        target[part[at]!] = centroids.length + index
        confidence[part[at]!] = Math.max(0, cosine)
      }
    }
    centroids.push(...centres)
  }
  const rows = new Float32Array(centroids.length * dim)
  centroids.forEach((centre, i) => rows.set(centre, i * dim))
  return { count: centroids.length, rows, target, confidence }
}

/** @throws UserError when every image is a class of its own, as it is where a table has no class column */
export function requireSharedClasses(classCount: number, imageCount: number, column?: string): void {
  if (classCount < imageCount) return
  throw new UserError({
    where: '--objective class-embed',
    expected: 'a class column, with classes that several images share',
    got: `${imageCount} images, no two of one class${column === undefined ? '' : ` in column ${column}`}`,
    hint: 'Add a "class" column to the table, name another column with --class-column, or use fd, which needs none.',
  })
}

/** Lists the images of every class. */
function membersOf(classes: Int32Array): number[][] {
  const members: number[][] = []
  classes.forEach((label, i) => (members[label] ??= []).push(i))
  return Array.from(members, (images) => images ?? [])
}

/** At most k unit vectors that stand for `points`, also unit vectors; fewer where points are fewer or equal. */
function kMeans(points: Float32Array[], k: number, next: Random): Float32Array[] {
  let centres = k === 1 ? points.slice(0, 1) : spread(points, k, next)
  let before: number[] = []
  for (let round = 0; round < rounds && centres.length > 0; round++) {
    const assigned = points.map((point) => nearest(point, centres).index)
    if (assigned.every((centre, i) => centre === before[i])) break
    before = assigned
    // A centre that lost all its points stays where it is.
    centres = centres.map((centre, i) => {
      const nearby = points.filter((_, point) => assigned[point] === i)
      return nearby.length > 0 ? unitMean(nearby) : centre
    })
  }
  return centres
}

/** k-means++: each next seed is drawn with a probability that grows with its squared distance to the seeds there are. */
function spread(points: Float32Array[], k: number, next: Random): Float32Array[] {
  const seeds = points.length > 0 ? [points[Math.floor(next() * points.length)]!] : []
  while (seeds.length < Math.min(k, points.length)) {
    const gaps = points.map((point) => Math.max(0, 2 - 2 * nearest(point, seeds).cosine))
    const total = gaps.reduce((sum, gap) => sum + gap, 0)
    if (total < 1e-6) break // the rest are copies
    let left = next() * total
    const drawn = gaps.findIndex((gap) => (left -= gap) < 0)
    seeds.push(points[drawn < 0 ? gaps.indexOf(Math.max(...gaps)) : drawn]!)
  }
  return seeds
}

function nearest(point: Float32Array, centres: Float32Array[]): { index: number; cosine: number } {
  let [index, cosine] = [0, Number.NEGATIVE_INFINITY]
  centres.forEach((centre, i) => {
    const value = dot(point, centre)
    if (value > cosine) [index, cosine] = [i, value]
  })
  return { index, cosine }
}

function unitMean(points: Float32Array[]): Float32Array {
  const sum = new Float32Array(points[0]!.length)
  for (const point of points) for (let i = 0; i < sum.length; i++) sum[i] = sum[i]! + point[i]!
  const length = Math.sqrt(dot(sum, sum))
  return length > 0 ? sum.map((value) => value / length) : points[0]!
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}
