/** Reorders the axes of a constant. */
import { bytesPerElement, elementCount, newData } from './dtypes.ts'
import type { TensorData } from './model.ts'

/** Returns `tensor` with axis `perm[i]` moved to place i, as ONNX's Transpose does. */
export function permute(tensor: TensorData, perm: number[]): TensorData {
  const { dtype } = tensor
  const dims = perm.map((axis) => tensor.dims[axis]!)
  const data = newData(dtype, elementCount(dims))
  // Elements are moved as raw words; one of eight bytes is two words along a last axis that stays where it is.
  const wide = bytesPerElement(dtype) === 8
  const from = wide ? [...tensor.dims, 2] : tensor.dims
  const order = wide ? [...perm, tensor.dims.length] : perm
  const strides = stridesOf(from)
  move(
    words(tensor.data),
    words(data),
    order.map((axis) => from[axis]!),
    order.map((axis) => strides[axis]!),
  )
  return { dtype, dims, data }
}

type Words = Uint8Array | Uint16Array | Uint32Array

function words(data: TensorData['data']): Words {
  const { buffer, byteOffset, byteLength, BYTES_PER_ELEMENT } = data
  if (BYTES_PER_ELEMENT === 1) return new Uint8Array(buffer, byteOffset, byteLength)
  if (BYTES_PER_ELEMENT === 2) return new Uint16Array(buffer, byteOffset, byteLength / 2)
  return new Uint32Array(buffer, byteOffset, byteLength / 4)
}

function stridesOf(dims: number[]): number[] {
  const strides = dims.map(() => 1)
  for (let axis = dims.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1]! * dims[axis + 1]!
  return strides
}

/** Fills `to` in order, reading `from` with the strides that belong to each axis of the result. */
function move(from: Words, to: Words, dims: number[], strides: number[]): void {
  const index = dims.map(() => 0)
  let source = 0
  for (let target = 0; target < to.length; target++) {
    to[target] = from[source]!
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      source += strides[axis]!
      if (++index[axis]! < dims[axis]!) break
      source -= strides[axis]! * dims[axis]!
      index[axis] = 0
    }
  }
}
