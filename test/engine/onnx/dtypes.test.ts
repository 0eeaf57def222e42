import test from 'ava'
import { random } from '../../../base/random.ts'
import { bytesPerElement, dtypeFromOnnx, dtypeToOnnx, float16ToFloat32, float32ToFloat16, newData } from '../../../engine/onnx/dtypes.ts'
import type { DType } from '../../../engine/onnx/model.ts'
import { throwsUserError } from '../../user-error.ts'

// onnx.proto3, TensorProto.DataType.
const numbers: [DType, number][] = [
  ['float32', 1],
  ['uint8', 2],
  ['int8', 3],
  ['int32', 6],
  ['int64', 7],
  ['bool', 9],
  ['float16', 10],
]

test('every dtype has its ONNX number, and arrays of its size', async (t) => {
  for (const [dtype, number] of numbers) {
    t.is(dtypeToOnnx(dtype), number)
    t.is(dtypeFromOnnx(number, 'x'), dtype)
    t.is(newData(dtype, 3).byteLength, 3 * bytesPerElement(dtype))
  }
  await throwsUserError(t, () => dtypeFromOnnx(16, 'tensor w'), { where: /^tensor w/, got: 'bfloat16' })
})

// Bits written down from IEEE 754's definition of binary16.
const known: [number, number][] = [
  [0, 0x0000],
  [-0, 0x8000],
  [1, 0x3c00],
  [-2, 0xc000],
  [0.333251953125, 0x3555],
  [65504, 0x7bff], // the largest
  [2 ** -14, 0x0400], // the smallest normal
  [2 ** -14 - 2 ** -24, 0x03ff], // the largest subnormal
  [2 ** -24, 0x0001], // the smallest
  [Infinity, 0x7c00],
  [-Infinity, 0xfc00],
]
test('float16: known values, both ways', (t) => {
  for (const [value, bits] of known) {
    t.is(float32ToFloat16(Float32Array.of(value))[0], bits, `${value}`)
    t.is(float16ToFloat32(Uint16Array.of(bits))[0], value, `${value}`)
  }
})

const rounded: [number, number][] = [
  [1 + 2 ** -11, 0x3c00], // tie: to the even neighbour below
  [1 + 3 * 2 ** -11, 0x3c02], // tie: to the even neighbour above
  [1 + 2 ** -11 + 2 ** -23, 0x3c01], // just over a tie
  [65519.996, 0x7bff],
  [65520, 0x7c00], // tie at the top goes to infinity
  [1e9, 0x7c00],
  [-1e9, 0xfc00],
  [2 ** -25, 0x0000], // tie between zero and the smallest
  [2 ** -25 * (1 + 2 ** -23), 0x0001],
  [3 * 2 ** -25, 0x0002],
  [2 ** -14 - 2 ** -25, 0x0400], // rounds from subnormal up to normal
  [1e-30, 0x0000],
  [-1e-30, 0x8000],
  [1e-45, 0x0000], // a float32 subnormal
]
test('float16: rounding to nearest even, overflow, underflow', (t) => {
  for (const [value, bits] of rounded) t.is(float32ToFloat16(Float32Array.of(value))[0], bits, `${value}`)
})

test('float16: all 65536 patterns survive the way there and back; NaN stays NaN', (t) => {
  const all = Uint16Array.from({ length: 65536 }, (_, bits) => bits)
  const back = float32ToFloat16(float16ToFloat32(all))
  for (const bits of all) {
    const nan = (bits & 0x7c00) === 0x7c00 && (bits & 0x3ff) !== 0
    if (nan ? (back[bits]! & 0x7fff) !== 0x7e00 : back[bits] !== bits) t.fail(`0x${bits.toString(16)} became 0x${back[bits]!.toString(16)}`)
  }
  t.true(Number.isNaN(float16ToFloat32(float32ToFloat16(Float32Array.of(NaN)))[0]))
})

test('float16: the result is a nearest one, for random numbers of every size', (t) => {
  const next = random(1)
  const values = Float32Array.from({ length: 20000 }, () => (next() - 0.5) * 2 ** (next() * 44 - 27))
  const halves = float32ToFloat16(values)
  const neighbours = (bits: number): number[] => [...float16ToFloat32(Uint16Array.of(bits - 1, bits, bits + 1))]
  const farther = values.filter((value, i) => {
    const bits = halves[i]!
    if ((bits & 0x7fff) === 0 || (bits & 0x7fff) >= 0x7bff) return false
    const [below, chosen, above] = neighbours(bits).map((number) => Math.abs(number - value)) as [number, number, number]
    return chosen > below || chosen > above
  })
  t.deepEqual([...farther], [])
})

test('float16: views into larger buffers are converted in place of their own', (t) => {
  t.deepEqual(float32ToFloat16(Float32Array.of(9, 1, -2, 9).subarray(1, 3)), Uint16Array.of(0x3c00, 0xc000))
  t.deepEqual(float16ToFloat32(Uint16Array.of(9, 0x3c00, 9).subarray(1, 2)), Float32Array.of(1))
})
