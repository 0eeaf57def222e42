import type { Draw, Sampler } from './data/draw.ts'

/** Micro-batches of every batch, as batches of their own: number i is part i mod `parts` of batch ⌊i / parts⌋. */
export function partSampler({ batchesPerEpoch, draw }: Sampler, parts: number): Sampler {
  let latest: { batch: number; whole: Draw } | undefined
  return {
    batchesPerEpoch: batchesPerEpoch * parts,
    draw(index) {
      const batch = Math.floor(index / parts)
      if (latest?.batch !== batch) latest = { batch, whole: draw(batch) }
      const { whole } = latest
      const size = whole.images.length / parts
      const before = (index % parts) * size
      const part = (rows: Uint32Array) => rows.subarray(before, before + size)
      const captions = Object.fromEntries(Object.entries(whole.captions).map(([language, texts]) => [language, part(texts)]))
      return { ...whole, images: part(whole.images), captions, before }
    },
  }
}

/**
 * Rows of micro-batches as those of their batch. In each, `groups` groups of rows follow one another, as the texts of all languages do; a group of
 * the batch has that of every part.
 */
export function joinRows(parts: readonly Float32Array[], groups: number): Float32Array {
  const length = parts[0]!.length / groups
  const whole = new Float32Array(parts.length * parts[0]!.length)
  for (const [i, part] of parts.entries())
    for (let group = 0; group < groups; group++) whole.set(part.subarray(group * length, (group + 1) * length), (group * parts.length + i) * length)
  return whole
}

/** Part `i` of `parts` of what joinRows made. */
export function partOfRows(whole: Float32Array, groups: number, i: number, parts: number): Float32Array {
  const length = whole.length / groups / parts
  const part = new Float32Array(groups * length)
  for (let group = 0; group < groups; group++) {
    const from = (group * parts + i) * length
    part.set(whole.subarray(from, from + length), group * length)
  }
  return part
}
