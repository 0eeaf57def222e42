import { UserError } from '../base/errors.ts'

/**
 * Checks that `embeds` holds `rows` rows of one length and only finite numbers, and returns that length E.
 * @param where what the embeddings are of; begins the error
 * @throws UserError for no rows, rows of unequal length, and NaN or infinite entries (naming the first one)
 */
export function embedDim(where: string, embeds: Float32Array, rows: number): number {
  if (rows === 0) {
    throw new UserError({
      where,
      expected: 'at least one embedding',
      got: 'none',
      hint: 'Check that the split and the language have items.',
    })
  }
  const dim = embeds.length / rows
  if (!Number.isInteger(dim) || dim === 0) {
    throw new UserError({
      where,
      expected: `${rows} embeddings of equal length`,
      got: `${embeds.length} numbers`,
      hint: 'Embed every item, in the order of the task, with one model.',
    })
  }
  for (let i = 0; i < embeds.length; i++) {
    if (Number.isFinite(embeds[i]!)) continue
    throw new UserError({
      where,
      expected: 'finite embeddings',
      got: `${embeds[i]} in row ${Math.floor(i / dim)}, component ${i % dim}`,
      hint: 'The model diverged or its file is damaged; check the training log or export it again.',
    })
  }
  return dim
}

/** Refuses two sides of unequal length E: they come from different models, or one side lacks its projection. */
export function requireEqualDims(where: string, left: number, right: number): void {
  if (left === right) return
  throw new UserError({
    where,
    expected: 'embeddings of equal length on both sides',
    got: `${left} and ${right}`,
    hint: 'Both sides must come from one model, after its projections.',
  })
}

/**
 * Returns rows scaled to length 1 (x / |x|) in a new array, so that dot products are cosines.
 * A row of zeros stays as it is: it is equally near to everything.
 * @param embeds [N, E]
 */
export function unitRows(embeds: Float32Array, dim: number): Float32Array {
  const unit = new Float32Array(embeds.length)
  for (let start = 0; start < embeds.length; start += dim) {
    let squares = 0
    for (let e = start; e < start + dim; e++) squares += embeds[e]! * embeds[e]!
    const scale = squares === 0 ? 0 : 1 / Math.sqrt(squares)
    for (let e = start; e < start + dim; e++) unit[e] = embeds[e]! * scale
  }
  return unit
}

/** Copies of the rows with these indices. `embeds` [N, E] → [n, E] */
export function pickRows(embeds: Float32Array, indices: readonly number[], dim: number): Float32Array {
  const picked = new Float32Array(indices.length * dim)
  indices.forEach((row, i) => picked.set(embeds.subarray(row * dim, (row + 1) * dim), i * dim))
  return picked
}

/**
 * Dot products of query rows `from` … `to - 1` with every gallery row, written to `out` [to − from, G].
 * Each product sums in the same order, so equal gallery rows get bit-equal scores and ties stay ties.
 * @param queries [Q, E]
 * @param gallery [G, E]
 */
export function scoreRows(queries: Float32Array, from: number, to: number, gallery: Float32Array, dim: number, out: Float32Array): void {
  const size = gallery.length / dim
  const tile = Math.max(4, Math.floor(65_536 / dim) & ~3) // gallery rows that stay in the cache while all queries pass
  for (let first = 0; first < size; first += tile) {
    const last = Math.min(size, first + tile)
    for (let q = from; q < to; q++) {
      scoreTile(queries, q * dim, gallery, first, last, dim, out, (q - from) * size)
    }
  }
}

function scoreTile(
  queries: Float32Array,
  query: number,
  gallery: Float32Array,
  first: number,
  last: number,
  dim: number,
  out: Float32Array,
  row: number,
): void {
  let g = first
  for (; g + 4 <= last; g += 4) {
    const a = g * dim
    const b = a + dim
    const c = b + dim
    const d = c + dim
    let sa = 0
    let sb = 0
    let sc = 0
    let sd = 0
    for (let e = 0; e < dim; e++) {
      const value = queries[query + e]!
      sa += value * gallery[a + e]!
      sb += value * gallery[b + e]!
      sc += value * gallery[c + e]!
      sd += value * gallery[d + e]!
    }
    out[row + g] = sa
    out[row + g + 1] = sb
    out[row + g + 2] = sc
    out[row + g + 3] = sd
  }
  for (; g < last; g++) {
    let sum = 0
    for (let e = 0; e < dim; e++) sum += queries[query + e]! * gallery[g * dim + e]!
    out[row + g] = sum
  }
}
