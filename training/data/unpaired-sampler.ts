import { permutation, random } from '../../base/random.ts'
import type { Draw, Sampler } from './draw.ts'
import type { TrainingSet } from './training-set.ts'

/**
 * Draws texts that belong to no image, and images, where the set has any, without regard to them. Every batch has the same number of texts of each group, by
 * `seats`; a group's texts come in a fresh permutation each time around. A pure function of (seed, step).
 */
export function unpairedSampler(set: TrainingSet & { unpaired: Uint32Array[] }, batchSize: number, seed: number): Sampler {
  const size = Math.min(batchSize, set.count)
  const groups = seats(
    set.unpaired.map(({ length }) => length),
    size,
  ).map((count, group) => ({ count, texts: set.unpaired[group]!, order: orders(seed, 4, group) }))
  const imageCount = set.images.length
  const imageOrder = orders(seed, 1)
  const batchesPerEpoch = imageCount > 0 ? Math.floor(imageCount / size) : 1
  const language = set.languages[0]!
  return {
    batchesPerEpoch,
    draw(step) {
      const epoch = imageCount > 0 ? Math.floor(step / batchesPerEpoch) : 0
      const from = (step % batchesPerEpoch) * size
      const images = imageCount > 0 ? imageOrder(imageCount, epoch).slice(from, from + size) : Uint32Array.from({ length: size }, (_, i) => i)
      const texts = groups.flatMap(({ count, texts, order }) =>
        Array.from({ length: count }, (_, i) => {
          const place = step * count + i
          return texts[order(texts.length, Math.floor(place / texts.length))[place % texts.length]!]!
        }),
      )
      return { epoch, images, captions: { [language]: Uint32Array.from(texts) }, stream: (purpose) => random(seed, 3, purpose, step) } satisfies Draw
    },
  }
}

/**
 * How many of `total` items of a batch each group has: in proportion to the square roots of their sizes, so that small groups are seen more often than
 * their share (exponentially smoothed sampling, mBERT; here with exponent 0.5), at least one and at most all of a group. Highest averages (D'Hondt).
 */
export function seats(sizes: readonly number[], total: number): number[] {
  const given = sizes.map((size) => Math.min(size, 1))
  const wanted = Math.min(
    total,
    sizes.reduce((sum, size) => sum + size, 0),
  )
  const claim = (group: number) => (given[group]! < sizes[group]! ? Math.sqrt(sizes[group]!) / (given[group]! + 1) : -1)
  for (let seat = given.reduce((sum, one) => sum + one, 0); seat < wanted; seat++) {
    const next = sizes.reduce((best, _, group) => (claim(group) > claim(best) ? group : best), 0)
    given[next]!++
  }
  return given
}

/** Permutations of n by their number; the latest two stay, because a batch may reach from one into the next. */
function orders(...seeds: number[]): (n: number, round: number) => Uint32Array {
  const known = new Map<number, Uint32Array>()
  return (n, round) => {
    const found = known.get(round)
    if (found) return found
    const order = permutation(n, random(...seeds, round))
    if (known.size > 1) known.delete(known.keys().next().value!)
    known.set(round, order)
    return order
  }
}
