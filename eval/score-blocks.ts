import { type Progress, progress } from '../base/progress.ts'
import type { Graph } from '../engine/onnx/model.ts'
import { encodeModel } from '../engine/onnx/proto.ts'
import { openSession } from '../engine/runtime.ts'
import { copyRows, type Rows, rowNorms } from './rows.ts'

export interface ScoreOptions {
  /** Threads of one product; default: all cores. */
  threads?: number
}

/** Dot products of some queries with a stretch of the gallery, in single precision: near the exact ones, not equal to them. */
export interface ScoreBlock {
  /** First and one past the last query, as positions in the list of queries. */
  from: number
  to: number
  /** First gallery row, and how many. */
  first: number
  size: number
  /** [to − from, size] */
  scores: Float32Array
  /** How far a score of query `from + i` may be from the exact one, at most [to − from]. */
  errors: Float64Array
}

/** Queries and gallery rows of one product: 16 MB of scores, however large the sets are. */
const queryBlock = 256
const galleryBlock = 16_384
/** From this many multiplications on, some seconds of work, there is a bar. */
const longWork = 5e10

/**
 * Scores all queries against the whole gallery, a block at a time, by onnxruntime's matrix product. A row of the gallery is read
 * and scaled once. What is found from the scores must be settled with exactScore wherever `errors` leaves it open: the order in which
 * a product is summed depends on its place in the block, so equal rows need not get equal scores here.
 * @param queries rows `indices[0]`, `indices[1]`, … of it ask
 */
export async function forEachScoreBlock(
  queries: Rows,
  indices: ArrayLike<number>,
  gallery: Rows,
  visit: (block: ScoreBlock) => void,
  { threads }: ScoreOptions = {},
): Promise<void> {
  const { dim } = queries
  const session = await openSession(encodeModel(product()), threads === undefined ? {} : { threads })
  const left = new Float32Array(Math.min(queryBlock, indices.length) * dim)
  const right = new Float32Array(Math.min(galleryBlock, gallery.count) * dim)
  const rows = Uint32Array.from({ length: gallery.count }, (_, i) => i)
  const lengths = rowNorms(queries)
  const longest = rowNorms(gallery).reduce((a, b) => Math.max(a, b), 0)
  const bar = barFor(indices.length, gallery)
  let done = 0
  try {
    for (let first = 0; first < gallery.count; first += galleryBlock) {
      const size = Math.min(galleryBlock, gallery.count - first)
      copyRows(gallery, rows, first, first + size, right)
      for (let from = 0; from < indices.length; from += queryBlock) {
        const to = Math.min(indices.length, from + queryBlock)
        copyRows(queries, indices, from, to, left)
        const { scores } = await session.run({
          queries: { data: left.subarray(0, (to - from) * dim), dims: [to - from, dim] },
          gallery: { data: right.subarray(0, size * dim), dims: [size, dim] },
        })
        const errors = Float64Array.from({ length: to - from }, (_, i) => roundingError(dim, lengths[indices[from + i]!]! * longest))
        visit({ from, to, first, size, scores: scores!.data as Float32Array, errors })
        done += ((to - from) * size) / 1e6
        bar?.update(Math.round(done))
      }
    }
  } finally {
    bar?.stop()
    await session.release()
  }
}

function barFor(queries: number, { count, dim }: Rows): Progress | undefined {
  return queries * count * dim < longWork ? undefined : progress('rank', Math.ceil((queries * count) / 1e6), 'million scores')
}

/**
 * Bound on |computed − exact| of a float32 dot product summed in any order: γ_E·|x||y|, γ_n = n·u/(1 − n·u), u = 2⁻²⁴, with room for
 * the rounding of the exact one and for underflow. Source: Higham, Accuracy and Stability of Numerical Algorithms, §3.1.
 */
function roundingError(dim: number, lengths: number): number {
  if (lengths > 1e37) return Number.POSITIVE_INFINITY // sums may overflow on the way: everything is scored exactly
  const n = (dim + 4) * 2 ** -24
  return (n / (1 - n)) * lengths + dim * 2 ** -125
}

/** scores = queries · galleryᵀ. [q, E], [g, E] → [q, g] */
function product(): Graph {
  const matrix = (name: string, rows: string, columns: string) => ({ name, dtype: 'float32' as const, dims: [rows, columns] })
  return {
    name: 'scores',
    nodes: [{ op: 'Gemm', domain: '', inputs: ['queries', 'gallery'], outputs: ['scores'], attributes: { transB: 1 } }],
    inputs: [matrix('queries', 'q', 'e'), matrix('gallery', 'g', 'e')],
    outputs: [matrix('scores', 'q', 'g')],
    initializers: new Map(),
    opsets: { '': 17 },
    irVersion: 8,
  }
}
