import { UserError } from '../base/errors.ts'
import { float16ToFloat32, float32ToFloat16 } from './onnx/dtypes.ts'

/** Encodes rows as a NumPy .npy file of float16, C order: `numpy.load` reads it. data [rows, columns] */
export function encodeNpy(data: Float32Array, columns: number): Uint8Array {
  const shape = `(${data.length / columns}, ${columns})`
  const header = `{'descr': '<f2', 'fortran_order': False, 'shape': ${shape}, }`
  const padded = `${header.padEnd(Math.ceil((10 + header.length + 1) / 64) * 64 - 11)}\n`
  const bytes = float32ToFloat16(data)
  const file = new Uint8Array(10 + padded.length + bytes.byteLength)
  file.set([0x93, ...Buffer.from('NUMPY'), 1, 0, padded.length & 255, padded.length >> 8])
  file.set(Buffer.from(padded, 'latin1'), 10)
  file.set(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength), 10 + padded.length)
  return file
}

export interface NpyHeader {
  /** Bytes before the first number. */
  offset: number
  rows: number
  columns: number
  /** Bytes of a number: 2 for float16, 4 for float32, 8 for float64. */
  width: number
}

/**
 * Reads the header of a matrix, or of a vector, which is one row, of float16, float32 or float64.
 * @param head the file's first bytes: its whole header
 * @param size the whole file's
 * @param hint what to do about another file; default: that of files in the cache
 * @throws UserError naming `where` for anything else
 */
export function npyHeader(head: Uint8Array, size: number, where: string, hint = 'Delete the file; it is made anew.'): NpyHeader {
  const offset = 10 + (head[8]! | (head[9]! << 8))
  const header = Buffer.from(head.subarray(10, offset)).toString('latin1')
  const found = /'descr': '<f([248])', 'fortran_order': False, 'shape': \((\d+),(?: (\d+))?\)/.exec(header)
  const [width = 0, first = 0] = found?.slice(1, 3).map(Number) ?? []
  const [rows, columns] = found?.[3] === undefined ? [1, first] : [first, Number(found[3])]
  if (Buffer.from(head.subarray(1, 6)).toString() !== 'NUMPY' || !found || size !== offset + rows * columns * width) {
    throw new UserError({
      where,
      expected: 'a complete .npy matrix of <f2, <f4 or <f8, in C order',
      got: header.slice(0, 80) || `${size} bytes`,
      hint,
    })
  }
  return { offset, rows, columns, width }
}

/** Numbers of `width` bytes each, little-endian. */
export function npyNumbers(bytes: Uint8Array, width: number): Float32Array {
  const { buffer } = Uint8Array.from(bytes) // a copy: a Buffer's slice would share its memory pool
  if (width === 2) return float16ToFloat32(new Uint16Array(buffer))
  return width === 4 ? new Float32Array(buffer) : Float32Array.from(new Float64Array(buffer))
}

/**
 * Decodes a matrix.
 * @throws UserError naming `where` for anything else
 */
export function decodeNpy(file: Uint8Array, where: string, hint?: string): { data: Float32Array; columns: number } {
  const { offset, columns, width } = npyHeader(file, file.length, where, hint)
  return { data: npyNumbers(file.subarray(offset), width), columns }
}
