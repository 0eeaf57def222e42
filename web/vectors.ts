/** Rows of 8-bit integers that stand for unit vectors: element e of row i is values[i·dim + e] · scales[i]. */
export interface Vectors {
  dim: number
  rows: number
  scales: Float32Array
  values: Int8Array
}

// The file, little-endian: magic, version, dim, number of tables, rows of each table (32 bits each), then the scales of all rows
// (float32), then the values of all rows (int8).
const magic = 0x58564c44 // "DLVX"
const version = 1
const head = 16

/** Rounds rows to 127 steps on either side of 0, each row with a scale of its own: cosines change by about 0.002. */
export function quantizeRows(rows: Float32Array, dim: number): Vectors {
  const count = rows.length / dim
  const scales = new Float32Array(count)
  const values = new Int8Array(rows.length)
  for (let i = 0; i < count; i++) {
    const row = rows.subarray(i * dim, (i + 1) * dim)
    const scale = row.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / 127 || 1
    scales[i] = scale
    for (let e = 0; e < dim; e++) values[i * dim + e] = Math.round(row[e]! / scale)
  }
  return { dim, rows: count, scales, values }
}

/** One file of tables of equal width. */
export function encodeVectors(tables: Vectors[]): Uint8Array<ArrayBuffer> {
  const dim = tables[0]?.dim ?? 0
  const rows = tables.reduce((sum, table) => sum + table.rows, 0)
  const start = head + 4 * tables.length
  const bytes = new Uint8Array(start + rows * (4 + dim))
  const view = new DataView(bytes.buffer)
  ;[magic, version, dim, tables.length, ...tables.map((table) => table.rows)].forEach((value, i) => view.setUint32(4 * i, value, true))
  let row = 0
  for (const table of tables) {
    if (table.dim !== dim) throw new Error(`vectors: rows of ${dim} and of ${table.dim} numbers in one file`)
    table.scales.forEach((scale, i) => view.setFloat32(start + 4 * (row + i), scale, true))
    bytes.set(new Uint8Array(table.values.buffer, table.values.byteOffset, table.values.length), start + 4 * rows + row * dim)
    row += table.rows
  }
  return bytes
}

/** @throws Error for a file of another kind, of another version, or of another length than it says */
export function decodeVectors(file: ArrayBuffer): Vectors[] {
  const view = new DataView(file)
  if (file.byteLength < head || view.getUint32(0, true) !== magic) throw new Error('vectors: not a file of vectors')
  const found = view.getUint32(4, true)
  if (found !== version) throw new Error(`vectors: expected version ${version}, got ${found}. Build the site again.`)
  const dim = view.getUint32(8, true)
  const counts = Array.from({ length: view.getUint32(12, true) }, (_, i) => view.getUint32(head + 4 * i, true))
  const rows = counts.reduce((a, b) => a + b, 0)
  const start = head + 4 * counts.length
  const length = start + rows * (4 + dim)
  if (file.byteLength !== length) throw new Error(`vectors: expected ${length} bytes, got ${file.byteLength}`)
  let row = 0
  return counts.map((count) => {
    const scales = Float32Array.from({ length: count }, (_, i) => view.getFloat32(start + 4 * (row + i), true))
    const values = new Int8Array(file, start + 4 * rows + row * dim, count * dim)
    row += count
    return { dim, rows: count, scales, values }
  })
}

/** Cosine of a unit vector with every row. */
export function scores(query: Float32Array, { dim, rows, scales, values }: Vectors): Float32Array {
  const result = new Float32Array(rows)
  for (let i = 0, at = 0; i < rows; i++) {
    let sum = 0
    for (let e = 0; e < dim; e++) sum += query[e]! * values[at++]!
    result[i] = sum * scales[i]!
  }
  return result
}

export interface Hit {
  index: number
  score: number
}

/** The `count` rows nearest to a unit vector, best first; equal ones in order of index. */
export function nearest(query: Float32Array, table: Vectors, count: number): Hit[] {
  const hits = Array.from(scores(query, table), (score, index) => ({ index, score }))
  return hits.sort((a, b) => b.score - a.score || a.index - b.index).slice(0, count)
}

/** Row i as a unit vector. */
export function rowOf({ dim, scales, values }: Vectors, i: number): Float32Array {
  return unit(Float32Array.from(values.subarray(i * dim, (i + 1) * dim), (value) => value * scales[i]!))
}

/** The vector brought to length 1. */
export function unit(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector)
  return vector.map((value) => value / (length || 1))
}
