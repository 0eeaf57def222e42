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

/** Bytes of an element of the formats that are passed over. */
const integerBytes: Record<string, number> = { I8: 1, U8: 1, I16: 2, U16: 2, I32: 4, U32: 4, I64: 8, U64: 8 }
/** Bytes that a header may have, as in the format's own library. */
const longestHeader = 100_000_000

/**
 * Decodes a safetensors file to float32. Integers, such as the positions that older files list, are no parameters and are passed over.
 * @throws UserError naming `where` when the file is cut short, malformed or of another number format: every byte after the header has to belong to one tensor
 */
export function decodeSafetensors(file: Uint8Array, where: string): Params {
  const fail = (expected: string, got: string): never => {
    throw new UserError({ where, expected, got, hint: 'The file may be damaged or only half copied: restore it and try again.' })
  }
  if (file.length < 8) fail('a safetensors file', `${file.length} bytes`)
  const headerLength = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true))
  if (headerLength > file.length - 8) fail(`a header of ${headerLength} bytes`, `a file of ${file.length} bytes`)
  if (headerLength > longestHeader) fail(`a header of at most ${longestHeader} bytes`, `${headerLength}`)
  const { __metadata__: _, ...entries } = parseHeader(file.subarray(8, 8 + headerLength), fail)
  const tensors = file.subarray(8 + headerLength)
  const params: Params = {}
  const ranges: [start: number, end: number, name: string][] = []
  for (const [name, entry] of Object.entries(entries)) {
    if (!isEntry(entry)) return fail(`dtype, shape and data_offsets of tensor ${name}`, excerpt(entry))
    const {
      dtype,
      shape,
      data_offsets: [start, end],
    } = entry
    ranges.push([start, end, name])
    const format = formats[dtype]
    const width = format?.bytes ?? integerBytes[dtype]
    if (width === undefined) {
      const hint = 'Save the model in one of these number formats.'
      throw new UserError({ where, expected: `tensor ${name} as ${Object.keys(formats).join(', ')}`, got: dtype, hint })
    }
    const size = width * elementCount(shape)
    if (end - start !== size) fail(`${size} bytes for tensor ${name} [${shape}]`, `${end - start}`)
    if (start < 0 || end > tensors.length) fail(`tensor ${name} at bytes ${start} to ${end}`, `${tensors.length} bytes of tensors`)
    if (format) params[name] = { shape, data: format.widen(new Uint8Array(tensors.subarray(start, end)).buffer) } // a copy: a Buffer's slice would share its memory pool
  }
  requireCover(ranges, tensors.length, fail)
  return params
}

/** Tensors lie one behind the other, as the format asks: nothing overlaps, no byte is left over. */
function requireCover(ranges: [start: number, end: number, name: string][], length: number, fail: (expected: string, got: string) => never): void {
  let at = 0
  for (const [start, end, name] of ranges.sort((a, b) => a[0] - b[0] || a[1] - b[1])) {
    if (start !== at) fail(`tensor ${name} to begin at byte ${at}, where the one before ends`, `${start}`)
    at = end
  }
  if (at !== length) fail(`${at} bytes of tensors`, `${length}`)
}

/** The beginning of what stands there; a deep one is not written out. */
function excerpt(entry: unknown): string {
  try {
    return JSON.stringify(entry).slice(0, 100)
  } catch {
    return `a nested ${typeof entry}` // deeper than the stack
  }
}

function isEntry(entry: unknown): entry is Entry {
  const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Partial<Entry>
  const whole = (list: unknown): list is number[] => Array.isArray(list) && list.every((number) => Number.isSafeInteger(number))
  return typeof dtype === 'string' && whole(shape) && shape.every((dim) => dim >= 0) && whole(offsets) && offsets.length === 2
}

function parseHeader(bytes: Uint8Array, fail: (expected: string, got: string) => never): Record<string, unknown> {
  const text = new TextDecoder().decode(bytes)
  let header: unknown
  try {
    header = JSON.parse(text)
  } catch {
    return fail('a JSON header', 'bytes that do not parse')
  }
  const repeated = repeatedKey(text)
  if (repeated !== undefined) fail('every tensor once', `${repeated} twice`)
  return typeof header === 'object' && header !== null ? (header as Record<string, unknown>) : fail('a JSON header', `${header}`)
}

/** A key that an object of valid JSON has twice on its first level: JSON.parse takes the last without a word. */
function repeatedKey(json: string): string | undefined {
  const seen = new Set<string>()
  let depth = 0
  for (const [token, string, colon] of json.matchAll(/("(?:[^"\\]|\\.)*")(\s*:)?|[{}[\]]/g)) {
    if (string === undefined) depth += '{['.includes(token) ? 1 : -1
    else if (depth === 1 && colon !== undefined) {
      const key = JSON.parse(string) as string
      if (seen.has(key)) return key
      seen.add(key)
    }
  }
  return undefined
}
