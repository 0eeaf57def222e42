/** Embeddings as rows of one matrix, read as they are or scaled to length 1 on the way: a copy of half a million rows would not fit. */
export interface Rows {
  data: Float32Array
  dim: number
  count: number
  /** 1 / |row| for each row, 0 for a row of zeros; absent where rows are taken as they are. */
  scales?: Float64Array
}

/** Rows as they are. `data` [N, E] */
export function plainRows(data: Float32Array, dim: number): Rows {
  return { data, dim, count: data.length / dim }
}

/** Rows of length 1, bit for bit those of unitRows. `data` [N, E] */
export function normalisedRows(data: Float32Array, dim: number): Rows {
  const count = data.length / dim
  const scales = new Float64Array(count)
  for (let row = 0; row < count; row++) {
    let squares = 0
    for (let e = row * dim; e < (row + 1) * dim; e++) squares += data[e]! * data[e]!
    scales[row] = squares === 0 ? 0 : 1 / Math.sqrt(squares)
  }
  return { data, dim, count, scales }
}

/** Copies the rows with these indices to the front of `out`. */
export function copyRows({ data, dim, scales }: Rows, indices: ArrayLike<number>, from: number, to: number, out: Float32Array): void {
  for (let i = from; i < to; i++) {
    const row = indices[i]!
    const [start, at, scale] = [row * dim, (i - from) * dim, scales ? scales[row]! : 1]
    for (let e = 0; e < dim; e++) out[at + e] = data[start + e]! * scale
  }
}

/** Dot product of two rows, summed in double precision in the order of the components and rounded once: what scoreRows computes. */
export function exactScore(a: Rows, i: number, b: Rows, j: number): number {
  const dim = a.dim
  const [x, y] = [i * dim, j * dim]
  let sum = 0
  if (a.scales || b.scales) {
    const [scaleA, scaleB] = [a.scales?.[i] ?? 1, b.scales?.[j] ?? 1]
    for (let e = 0; e < dim; e++) sum += Math.fround(a.data[x + e]! * scaleA) * Math.fround(b.data[y + e]! * scaleB)
  } else {
    for (let e = 0; e < dim; e++) sum += a.data[x + e]! * b.data[y + e]!
  }
  return Math.fround(sum)
}

/** Lengths of the rows as they are read [N]. */
export function rowNorms({ data, dim, count, scales }: Rows): Float64Array {
  if (scales) return scales.map((scale) => (scale > 0 ? 1 + 1e-6 : 0)) // float32 rounding may leave a row slightly longer than 1
  return Float64Array.from({ length: count }, (_, row) => {
    let squares = 0
    for (let e = row * dim; e < (row + 1) * dim; e++) squares += data[e]! * data[e]!
    return Math.sqrt(squares)
  })
}
