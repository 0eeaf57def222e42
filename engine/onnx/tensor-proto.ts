/** Tensors in an ONNX file. */
import { UserError } from '../../base/errors.ts'
import { bytesOf, bytesPerElement, dtypeFromOnnx, dtypeToOnnx, elementCount, newData, tensorFromBytes } from './dtypes.ts'
import type { TensorData } from './model.ts'

/** A 64-bit integer as protobufjs returns it: a number, or two 32-bit halves. */
export type Int = number | { low: number; high: number }

export interface TensorProto {
  name?: string
  dims: Int[]
  dataType?: number
  rawData?: Uint8Array
  floatData?: number[]
  int32Data?: number[]
  int64Data?: Int[]
  externalData?: unknown[]
  dataLocation?: number
}

const EXTERNAL = 1 // TensorProto.DataLocation

/** Returns a 64-bit integer as a number (beyond 2⁵³ the nearest one); absent is 0. */
export function toNumber(value: Int | undefined | null): number {
  if (value === undefined || value === null) return 0
  return typeof value === 'number' ? value : value.high * 2 ** 32 + (value.low >>> 0)
}

/** Returns the file's form of a tensor. Its bytes are shared, not copied. */
export function encodeTensor(tensor: TensorData, name: string): TensorProto {
  const count = elementCount(tensor.dims)
  if (tensor.data.length !== count) {
    throw new Error(`tensor '${name}': expected ${count} elements for [${tensor.dims}], got ${tensor.data.length}`)
  }
  return { dims: tensor.dims, dataType: dtypeToOnnx(tensor.dtype), name, rawData: bytesOf(tensor) }
}

/**
 * Returns a tensor from its file form, with its own copy of the elements.
 * @throws UserError where the elements lie in another file, are missing, or are of a type that `DType` does not name
 */
export function decodeTensor(proto: TensorProto, file: string): TensorData {
  const where = `${file}, tensor '${proto.name ?? ''}'`
  if (proto.dataLocation === EXTERNAL || proto.externalData?.length) {
    throw new UserError({
      where,
      expected: 'weights inside the model file',
      got: 'weights in another file (external data)',
      hint: 'Save the model as one file, for example with onnx.save_model(model, path, save_as_external_data=False).',
    })
  }
  const dtype = dtypeFromOnnx(proto.dataType ?? 0, where)
  const dims = proto.dims.map(toNumber)
  const count = elementCount(dims)
  const got = Object.hasOwn(proto, 'rawData') ? proto.rawData!.byteLength / bytesPerElement(dtype) : listed(proto, dtype).length
  if (got !== count || dims.some((dim) => dim < 0)) {
    throw new UserError({
      where,
      expected: `${count} elements of ${dtype} for shape [${dims}]`,
      got: `${got}`,
      hint: 'The file is damaged: fetch or export it again.',
    })
  }
  if (Object.hasOwn(proto, 'rawData')) return tensorFromBytes(dtype, dims, proto.rawData!)
  return { dtype, dims, data: fromList(proto, dtype, count) }
}

/** The list that holds the elements when they are not raw bytes; int32_data serves every small type. */
function listed(proto: TensorProto, dtype: TensorData['dtype']): unknown[] {
  if (dtype === 'float32') return proto.floatData ?? []
  return (dtype === 'int64' ? proto.int64Data : proto.int32Data) ?? []
}

function fromList(proto: TensorProto, dtype: TensorData['dtype'], count: number): TensorData['data'] {
  if (dtype === 'int64') return BigInt64Array.from(proto.int64Data ?? [], toBigInt)
  const data = newData(dtype, count) as Exclude<TensorData['data'], BigInt64Array>
  data.set((dtype === 'float32' ? proto.floatData : proto.int32Data) ?? [])
  return data
}

function toBigInt(value: Int): bigint {
  if (typeof value === 'number') return BigInt(value)
  return (BigInt(value.high) << 32n) | BigInt(value.low >>> 0)
}
