/** Numbers in few bits: what the quantized files hold, without any graph around it. */

/** What shares one scale: the whole matrix, each row, or each column. */
export type Granularity = 'tensor' | 'row' | 'column'

export interface Int8Matrix {
  values: Int8Array
  scales: Float32Array // 1, rows or columns of them
  error: number // root mean square error relative to that of the matrix itself
}

/**
 * Returns a row-major matrix as int8 with w ≈ scale · q and q in −levels … levels: symmetric, so that the zero point is 0.
 * @param levels 127, or 64 for seven bits
 */
export function quantizeInt8(data: Float32Array, rows: number, columns: number, by: Granularity, levels = 127): Int8Matrix {
  const scales = new Float32Array(by === 'tensor' ? 1 : by === 'row' ? rows : columns)
  const rowStep = by === 'row' ? 1 : 0
  const columnStep = by === 'column' ? 1 : 0
  for (let r = 0, i = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++, i++) {
      const s = r * rowStep + c * columnStep
      const size = Math.abs(data[i]!)
      if (size > scales[s]!) scales[s] = size
    }
  }
  for (let s = 0; s < scales.length; s++) scales[s] = scales[s] === 0 ? 1 : scales[s]! / levels
  const values = new Int8Array(data.length)
  let lost = 0
  let total = 0
  for (let r = 0, i = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++, i++) {
      const scale = scales[r * rowStep + c * columnStep]!
      const value = data[i]!
      const q = Math.min(levels, Math.max(-levels, Math.round(value / scale)))
      values[i] = q
      lost += (value - q * scale) ** 2
      total += value * value
    }
  }
  return { values, scales, error: total === 0 ? 0 : Math.sqrt(lost / total) }
}

export interface Int4Rows {
  packed: Uint8Array // [rows, blocks, blockSize / 2], the earlier number in the lower half of a byte
  scales: Float32Array // [rows, blocks]
}

/**
 * Returns rows of numbers in blocks of four-bit integers: w ≈ scale · (q − 8), q in 0 … 15. A last block that is not full
 * is padded with zeros. The scale may be negative, which lets the largest number of a block, whatever its sign, use
 * the −8 that has no positive twin; several scales are tried and the one with the least squared error is taken.
 * @param at reads element (row, column), so that a matrix can be taken by its columns without a transposed copy
 */
export function quantizeInt4Blocks(at: (row: number, column: number) => number, rows: number, columns: number, blockSize: number): Int4Rows {
  const blocks = Math.ceil(columns / blockSize)
  const packed = new Uint8Array((rows * blocks * blockSize) / 2)
  const scales = new Float32Array(rows * blocks)
  const block = new Float64Array(blockSize)
  for (let row = 0, b = 0; row < rows; row++) {
    for (let start = 0; start < columns; start += blockSize, b++) {
      for (let i = 0; i < blockSize; i++) block[i] = start + i < columns ? at(row, start + i) : 0
      const scale = Math.fround(bestScale(block))
      scales[b] = scale
      const place = (b * blockSize) / 2
      for (let i = 0; i < blockSize; i += 2) {
        packed[place + i / 2] = (level(block[i]!, scale) + 8) | ((level(block[i + 1]!, scale) + 8) << 4)
      }
    }
  }
  return { packed, scales }
}

/** What the block's largest number is mapped to: exactly to the end of the range, or cut off a little. */
const ends = [-8, -8.5, -9, -9.5, -10, -7.5, -7]

function bestScale(block: Float64Array): number {
  let extreme = 0
  for (const value of block) if (Math.abs(value) > Math.abs(extreme)) extreme = value
  if (extreme === 0) return 0
  let best = 0
  let least = Infinity
  for (const end of ends) {
    const scale = refit(block, extreme / end)
    let lost = 0
    for (const value of block) lost += (value - level(value, scale) * scale) ** 2
    if (lost < least) {
      least = lost
      best = scale
    }
  }
  return best
}

/** The scale that suits the integers chosen with `scale` best, by least squares: Σwq / Σq². */
function refit(block: Float64Array, scale: number): number {
  let wq = 0
  let qq = 0
  for (const value of block) {
    const q = level(value, scale)
    wq += value * q
    qq += q * q
  }
  return qq === 0 ? scale : wq / qq
}

function level(value: number, scale: number): number {
  return scale === 0 ? 0 : Math.min(7, Math.max(-8, Math.round(value / scale)))
}
