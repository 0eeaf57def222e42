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
  const params: Params = {}
  for (const [name, { dtype, shape, data_offsets: [start, end] }] of Object.entries(entries as Record<string, Entry>)) {
    const count = shape.reduce((product, dim) => product * dim, 1)
    if (dtype !== 'F32') fail(`tensor ${name} as F32`, dtype)
    if (end - start !== count * 4 || 8 + headerLength + end > file.length) fail(`${count * 4} bytes for tensor ${name} [${shape}]`, 'another length')
    const bytes = file.slice(8 + headerLength + start, 8 + headerLength + end)
    params[name] = { shape, data: new Float32Array(bytes.buffer) }
  }
  return { params, metadata: metadata as Record<string, string> }
}

function parseHeader(bytes: Uint8Array, fail: (expected: string, got: string) => never): Record<string, unknown> {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch {
    return fail('a JSON header', 'bytes that do not parse')
  }
}
