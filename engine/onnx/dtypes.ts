/** Element types: their ONNX numbers, byte sizes and typed arrays, and conversion between float32 and float16. */
import { UserError } from '../../base/errors.ts'
import type { DType, TensorData } from './model.ts'

interface DTypeInfo {
  onnx: number // TensorProto.DataType
  bytes: number
  make: (buffer: ArrayBuffer) => TensorData['data']
}

const table: Record<DType, DTypeInfo> = {
  float32: { onnx: 1, bytes: 4, make: (buffer) => new Float32Array(buffer) },
  uint8: { onnx: 2, bytes: 1, make: (buffer) => new Uint8Array(buffer) },
  int8: { onnx: 3, bytes: 1, make: (buffer) => new Int8Array(buffer) },
  int32: { onnx: 6, bytes: 4, make: (buffer) => new Int32Array(buffer) },
  int64: { onnx: 7, bytes: 8, make: (buffer) => new BigInt64Array(buffer) },
  bool: { onnx: 9, bytes: 1, make: (buffer) => new Uint8Array(buffer) },
  float16: { onnx: 10, bytes: 2, make: (buffer) => new Uint16Array(buffer) },
}

/** Names of ONNX types that this project does not hold, for error messages. */
const otherNames: Record<number, string> = {
  4: 'uint16',
  5: 'int16',
  8: 'string',
  11: 'float64',
  12: 'uint32',
  13: 'uint64',
  14: 'complex64',
  15: 'complex128',
  16: 'bfloat16',
}

/** Returns the number ONNX gives to `dtype`. */
export function dtypeToOnnx(dtype: DType): number {
  return table[dtype].onnx
}

/**
 * Returns the dtype that ONNX numbers `code`.
 * @throws UserError for a type that a `Graph` cannot hold; `where` names the value at fault
 */
export function dtypeFromOnnx(code: number, where: string): DType {
  for (const [dtype, info] of Object.entries(table)) if (info.onnx === code) return dtype as DType
  throw new UserError({
    where,
    expected: `one of the types ${Object.keys(table).join(', ')}`,
    got: otherNames[code] ?? `ONNX type ${code}`,
    hint: 'Convert the model to float32 or float16 before reading it here.',
  })
}

/** Returns the bytes one element takes. */
export function bytesPerElement(dtype: DType): number {
  return table[dtype].bytes
}

/** Returns how many elements a tensor of shape `dims` has (1 for a scalar). */
export function elementCount(dims: number[]): number {
  return dims.reduce((product, dim) => product * dim, 1)
}

/** Returns a zero-filled array of the right type for `dtype`. */
export function newData(dtype: DType, length: number): TensorData['data'] {
  return table[dtype].make(new ArrayBuffer(length * table[dtype].bytes))
}

/** Returns a tensor whose elements are a copy of little-endian `bytes`, which may lie unaligned in a larger buffer. */
export function tensorFromBytes(dtype: DType, dims: number[], bytes: Uint8Array): TensorData {
  const buffer = new ArrayBuffer(bytes.byteLength)
  new Uint8Array(buffer).set(bytes)
  return { dtype, dims, data: table[dtype].make(buffer) }
}

/** Returns a view, not a copy, of a tensor's elements as bytes. */
export function bytesOf(tensor: TensorData): Uint8Array {
  const { buffer, byteOffset, byteLength } = tensor.data
  return new Uint8Array(buffer, byteOffset, byteLength)
}

/**
 * Returns float16 bits of float32 numbers, rounded to nearest, ties to even. Numbers from 65520 on become infinities,
 * below 2⁻¹⁴ they become subnormals, every NaN becomes a quiet NaN.
 */
export function float32ToFloat16(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length)
  const out = new Uint16Array(values.length)
  for (let i = 0; i < out.length; i++) out[i] = halfFromFloatBits(bits[i]!)
  return out
}

/** Returns the float32 numbers that float16 bits stand for (exact). */
export function float16ToFloat32(halves: Uint16Array): Float32Array {
  wide ??= Uint32Array.from({ length: 2 ** 16 }, (_, half) => floatBitsOf(half))
  const bits = new Uint32Array(halves.length)
  for (let i = 0; i < bits.length; i++) bits[i] = wide[halves[i]!]!
  return new Float32Array(bits.buffer)
}

/** The bits of every float16 as a float32; made when first needed. */
let wide: Uint32Array | undefined

function floatBitsOf(half: number): number {
  const sign = (half & 0x8000) << 16
  const exponent = (half >>> 10) & 0x1f
  const mantissa = half & 0x3ff
  if (exponent === 0) return new Uint32Array(Float32Array.of(mantissa * 2 ** -24).buffer)[0]! | sign // zero or subnormal: a whole number of smallest steps
  return sign | ((exponent === 31 ? 0xff : exponent + 112) << 23) | (mantissa << 13) // bias 15 → 127
}

function halfFromFloatBits(bits: number): number {
  const sign = (bits >>> 16) & 0x8000
  const magnitude = bits & 0x7fffffff
  if (magnitude >= 0x47800000) return sign | (magnitude > 0x7f800000 ? 0x7e00 : 0x7c00) // ≥ 65536, ∞ or NaN
  if (magnitude >= 0x38800000) {
    // Normal: adding just under half a unit, plus the lowest kept bit, rounds ties to even; a carry out of the
    // mantissa moves the exponent up by itself, as far as infinity.
    const odd = (magnitude >>> 13) & 1
    return sign | ((magnitude - 0x38000000 + 0xfff + odd) >>> 13)
  }
  const shift = 126 - (magnitude >>> 23) // subnormal: counts in steps of 2⁻²⁴
  if (shift > 24) return sign
  const mantissa = (magnitude & 0x7fffff) | 0x800000
  const kept = mantissa >>> shift
  const rest = mantissa & ((1 << shift) - 1)
  const half = 1 << (shift - 1)
  return sign | (rest > half || (rest === half && (kept & 1) === 1) ? kept + 1 : kept)
}
