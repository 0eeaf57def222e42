import { UserError } from './errors.ts'
import type { Params } from './params.ts'

/**
 * Encodes parameters as a safetensors file (float32, little-endian): u64 header length, JSON header, raw tensors.
 * Tensors keep their order; the header is padded to 8 bytes, so the data is aligned.
 */
export function encodeSafetensors(params: Params, metadata: Record<string, string> = {}): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: { format: 'pt', ...metadata } }
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

/**
 * Decodes a float32 safetensors file.
 * @throws UserError naming `where` when the file is cut short, malformed or not float32
 */
export function decodeSafetensors(file: Uint8Array, where: string): { params: Params; metadata: Record<string, string> } {
  const fail = (expected: string, got: string): never => {
    throw new UserError({ where, expected, got, hint: 'The file may be damaged or only half copied: restore it and try again.' })
  }
  if (file.length < 8) fail('a safetensors file', `${file.length} bytes`)
  const headerLength = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true))
  if (headerLength > file.length - 8) fail(`a header of ${headerLength} bytes`, `a file of ${file.length} bytes`)
  const { __metadata__: metadata = {}, ...entries } = parseHeader(file.subarray(8, 8 + headerLength), fail)
  const tensors = file.subarray(8 + headerLength)
  const params: Params = {}
  for (const [name, entry] of Object.entries(entries)) {
    if (!isEntry(entry)) return fail(`dtype, shape and data_offsets of tensor ${name}`, JSON.stringify(entry))
    const {
      dtype,
      shape,
      data_offsets: [start, end],
    } = entry
    if (dtype !== 'F32') fail(`tensor ${name} as F32`, dtype)
    const data = new Float32Array(shape.reduce((product, dim) => product * dim, 1))
    if (end - start !== data.byteLength) fail(`${data.byteLength} bytes for tensor ${name} [${shape}]`, `${end - start}`)
    if (start < 0 || end > tensors.length) fail(`tensor ${name} at bytes ${start} to ${end}`, `${tensors.length} bytes of tensors`)
    new Uint8Array(data.buffer).set(tensors.subarray(start, end)) // a copy: a Buffer's slice would share its memory pool
    params[name] = { shape, data }
  }
  return { params, metadata: metadata as Record<string, string> }
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
