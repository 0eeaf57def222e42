import { largest } from '../../eval/search.ts'
import type { Block } from './block.ts'

/** An image that may be among the best. */
export interface Candidate {
  id: number
  /** What its score is at most. */
  upper: number
}

/** A query y in whole numbers: y ≈ step · numbers. */
interface Query {
  numbers: Int32Array
  step: number
  /** |y| */
  length: number
  /** |y - step · numbers| */
  error: number
  /** Of all numbers. */
  sum: number
}

interface Pool {
  ids: number[]
  lower: number[]
  upper: number[]
  /** The count-th best score is at least this. */
  least: number
  /** Candidates at which those are dropped that are none any more. */
  full: number
}

/**
 * Looks for the `count` images with the highest scores y · x in blocks of int8. The score of a row lies within |y| |x - x̂| + |y - ŷ| |x̂| of ŷ · x̂ (x̂, ŷ: what
 * the whole numbers stand for), so whatever may score at least the count-th highest of the lower bounds is a candidate, and nothing else.
 * @param queries [Q, E]
 * @param visited called with the number of rows seen so far
 * @returns the candidates of each query, those that may score highest first: all images among the best, ties at the end included, and a few others
 */
export function scanBlocks(
  blocks: Iterable<Block>,
  queries: Float32Array,
  dim: number,
  count: number,
  visited?: (rows: number) => void,
): Candidate[][] {
  const asked = Array.from({ length: queries.length / dim }, (_, q) => inWholeNumbers(queries.subarray(q * dim, (q + 1) * dim)))
  const pools = asked.map((): Pool => ({ ids: [], lower: [], upper: [], least: -Infinity, full: 2 * count }))
  let products = new Int32Array(0)
  let seen = 0
  for (const block of blocks) {
    const rows = block.places.length
    if (products.length < rows + 3) products = new Int32Array(rows + 3)
    for (const [q, query] of asked.entries()) {
      multiply(block.words, query.numbers, products)
      collect(pools[q]!, block, products, query, count)
    }
    seen += rows
    visited?.(seen)
  }
  return pools.map((pool) => {
    narrow(pool, count)
    return pool.ids.map((id, i) => ({ id, upper: pool.upper[i]! })).sort((a, b) => b.upper - a.upper)
  })
}

/** As fine as sums of products with bytes leave room for in 32 bits. */
function inWholeNumbers(query: Float32Array): Query {
  const most = Math.floor((2 ** 31 - 1) / (255 * query.length))
  const step = query.reduce((size, value) => Math.max(size, Math.abs(value)), 0) / most || 1
  const numbers = Int32Array.from(query, (value) => Math.round(value / step))
  const norm = (values: Float64Array) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0))
  const lost = Float64Array.from(query, (value, e) => value - step * numbers[e]!)
  return { numbers, step, length: norm(Float64Array.from(query)), error: norm(lost), sum: numbers.reduce((sum, value) => sum + value, 0) }
}

/**
 * Σ_e numbers[e] · byte of every row. A word times a number is the sum of four bytes' products, each 256 times the one below; modulo 2³² the four sums of
 * words shifted by 0 to 3 bytes tell them apart, at one multiplication a row and component and one load for four.
 */
function multiply(words: Int32Array, numbers: Int32Array, products: Int32Array): void {
  const dim = numbers.length
  for (let from = 0, row = 0; from < words.length; from += dim, row += 4) {
    let s0 = 0
    let s1 = 0
    let s2 = 0
    let s3 = 0
    for (let e = 0; e < dim; e++) {
      const number = numbers[e]!
      const word = words[from + e]!
      s0 = (s0 + Math.imul(number, word)) | 0
      s1 = (s1 + Math.imul(number, word >>> 8)) | 0
      s2 = (s2 + Math.imul(number, word >>> 16)) | 0
      s3 = (s3 + Math.imul(number, word >>> 24)) | 0
    }
    products[row] = s0 - (s1 << 8)
    products[row + 1] = s1 - (s2 << 8)
    products[row + 2] = s2 - (s3 << 8)
    products[row + 3] = s3
  }
}

function collect(pool: Pool, { first, places, scales, errors }: Block, products: Int32Array, query: Query, count: number): void {
  const rest = query.error * 127 * Math.sqrt(query.numbers.length) // |y - ŷ| |x̂| is at most this times a row's scale
  for (let row = 0; row < places.length; row++) {
    const score = scales[row]! * query.step * (products[row]! - 128 * query.sum)
    const bound = query.length * errors[row]! + rest * scales[row]!
    if (score + bound < pool.least) continue
    pool.ids.push(first + places[row]!)
    pool.lower.push(score - bound)
    pool.upper.push(score + bound)
  }
  if (pool.ids.length > pool.full) narrow(pool, count)
}

function narrow(pool: Pool, count: number): void {
  if (pool.ids.length > count) pool.least = largest(Float32Array.from(pool.lower), count).at(-1)!.score
  const stays = pool.upper.map((upper) => upper >= pool.least)
  for (const name of ['ids', 'lower', 'upper'] as const) pool[name] = pool[name].filter((_, i) => stays[i])
  pool.full = 2 * Math.max(count, pool.ids.length)
}
