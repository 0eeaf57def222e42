import { type Random, random } from '../../base/random.ts'

/** Where a concept comes from; each group has its share of a batch. */
export const groups = ['corpus', 'pictures', 'classes'] as const
export type Group = (typeof groups)[number]

/** One thing, with the texts and pictures that are each other's positives. */
export interface Concept {
  group: Group
  /** Indices into the distinct texts. */
  texts: number[]
  /** How often each is drawn, relative to the others. [texts] */
  weights: number[]
  /** Rows of the features, of classes those of pseudo-photographs. */
  pictures: number[]
}

/** One batch. [B] each */
export interface Draw {
  concepts: number[]
  pictures: number[]
  texts: number[]
  /** An independent generator for what else this step draws, one for each purpose. */
  stream(purpose: number): Random
}

/**
 * Draws batches as a pure function of (seed, step): first a group by its share, then one of its concepts, then one of the concept's pictures and of its texts. So a
 * concept with many pictures is not learnt more than another.
 * @param shares of each group, at least one above 0; a group without a concept that has texts and pictures gives its share to the others
 */
export function conceptSampler(concepts: readonly Concept[], shares: Record<Group, number>, batchSize: number, seed: number): (step: number) => Draw {
  const members = groups.map((group) =>
    concepts.flatMap((concept, i) => (concept.group === group && concept.texts.length > 0 && concept.pictures.length > 0 ? [i] : [])),
  )
  const parts = groups.map((group, g) => (members[g]!.length > 0 ? shares[group] : 0))
  const sums = concepts.map(({ weights }) => weights.reduce((sum, weight) => sum + weight, 0))
  return (step) => {
    const next = random(seed, 11, step)
    const draw: Draw = { concepts: [], pictures: [], texts: [], stream: (purpose) => random(seed, 12, purpose, step) }
    for (let row = 0; row < batchSize; row++) {
      const group = members[weighted(parts, next)]!
      const chosen = group[Math.floor(next() * group.length)]!
      const { texts, weights, pictures } = concepts[chosen]!
      draw.concepts.push(chosen)
      draw.pictures.push(pictures[Math.floor(next() * pictures.length)]!)
      draw.texts.push(texts[weighted(weights, next, sums[chosen])]!)
    }
    return draw
  }
}

/** [B, B], row-major: 1 where row's concept owns column's text. */
export function ownership(draw: Draw, owned: readonly ReadonlySet<number>[]): Float32Array {
  const size = draw.texts.length
  const positives = new Float32Array(size * size)
  for (let i = 0; i < size; i++) {
    const texts = owned[draw.concepts[i]!]!
    for (let j = 0; j < size; j++) if (texts.has(draw.texts[j]!)) positives[i * size + j] = 1
  }
  return positives
}

/** An index, drawn by its weight. */
function weighted(weights: readonly number[], next: Random, sum = weights.reduce((a, b) => a + b, 0)): number {
  let rest = next() * sum
  for (let i = 0; i < weights.length; i++) {
    rest -= weights[i]!
    if (rest < 0 && weights[i]! > 0) return i
  }
  return weights.findLastIndex((weight) => weight > 0)
}
