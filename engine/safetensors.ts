import { UserError } from '../base/errors.ts'
import { elementCount, float16ToFloat32 } from './onnx/dtypes.ts'
import type { Params } from './params.ts'

/**
 * Encodes parameters as a safetensors file (float32, little-endian): u64 header length, JSON header, raw tensors.
 * Tensors keep their order; the header is padded to 8 bytes, so the data is aligned.
 */
export function encodeSafetensors(params: Params): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: { format: 'pt' } } // as Python's transformers asks for
  let offset = 0
  for (const [name, { shape, data }] of Object.entries(params)) {
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, offset + data.byteLength] }
    offset += data.byteLength
  }
  const json = Buffer.from(JSON.stringify(header))
  const headerLength = Math.ceil(json.length / 8) * 8
  const file = new Uint8Array(8 + headerLength + offset)
  new DataView(file.buffer).setBigUint64(0, BigInt(headerLength), true)
  file.fill(0x20, 8, 8 + headerLength)
  file.set(json, 8)
  let at = 8 + headerLength
  for (const { data } of Object.values(params)) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at)
    at += data.byteLength
  }
  return file
}

interface Entry {
  dtype: string
  shape: number[]
  data_offsets: [number, number]
}

/** What elements become float32 from, and how. */
const formats: Record<string, { bytes: number; widen(bytes: ArrayBuffer): Float32Array }> = {
  F32: { bytes: 4, widen: (bytes) => new Float32Array(bytes) },
  F16: { bytes: 2, widen: (bytes) => float16ToFloat32(new Uint16Array(bytes)) },
  BF16: { bytes: 2, widen: (bytes) => new Float32Array(Uint32Array.from(new Uint16Array(bytes), (half) => half << 16).buffer) },
}

/**
 * Decodes a safetensors file to float32. Integers, such as the positions that older files list, are no parameters and are passed over.
 * @throws UserError naming `where` when the file is cut short, malformed or of another number format
 */
export function decodeSafetensors(file: Uint8Array, where: string): Params {
  const fail = (expected: string, got: string): never => {
    throw new UserError({ where, expected, got, hint: 'The file may be damaged or only half copied: restore it and try again.' })
  }
  if (file.length < 8) fail('a safetensors file', `${file.length} bytes`)
  const headerLength = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true))
  if (headerLength > file.length - 8) fail(`a header of ${headerLength} bytes`, `a file of ${file.length} bytes`)
  const { __metadata__: _, ...entries } = parseHeader(file.subarray(8, 8 + headerLength), fail)
  const tensors = file.subarray(8 + headerLength)
  const params: Params = {}
  for (const [name, entry] of Object.entries(entries)) {
    if (!isEntry(entry)) return fail(`dtype, shape and data_offsets of tensor ${name}`, JSON.stringify(entry))
    const {
      dtype,
      shape,
      data_offsets: [start, end],
    } = entry
    if (/^[IU]\d+$/.test(dtype)) continue
    const format = formats[dtype]
    if (!format) {
      const hint = 'Save the model in one of these number formats.'
      throw new UserError({ where, expected: `tensor ${name} as ${Object.keys(formats).join(', ')}`, got: dtype, hint })
    }
    const size = format.bytes * elementCount(shape)
    if (end - start !== size) fail(`${size} bytes for tensor ${name} [${shape}]`, `${end - start}`)
    if (start < 0 || end > tensors.length) fail(`tensor ${name} at bytes ${start} to ${end}`, `${tensors.length} bytes of tensors`)
    params[name] = { shape, data: format.widen(new Uint8Array(tensors.subarray(start, end)).buffer) } // a copy: a Buffer's slice would share its memory pool
  }
  return params
}

function isEntry(entry: unknown): entry is Entry {
  const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Partial<Entry>
  const whole = (list: unknown): list is number[] => Array.isArray(list) && list.every((number) => Number.isSafeInteger(number))
  return typeof dtype === 'string' && whole(shape) && shape.every((dim) => dim >= 0) && whole(offsets) && offsets.length === 2
}

function parseHeader(bytes: Uint8Array, fail: (expected: string, got: string) => never): Record<string, unknown> {
  let header: unknown
  try {
    header = JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return fail('a JSON header', 'bytes that do not parse')
  }
  return typeof header === 'object' && header !== null ? (header as Record<string, unknown>) : fail('a JSON header', `${header}`)
}
