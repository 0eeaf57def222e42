/** One field of a protobuf message. */
export interface Field {
  number: number
  /** The value of a varint (beyond 2⁵³ the nearest number), else 0. */
  value: number
  /** What a field with a length holds: text, bytes, a message or packed numbers; else empty. */
  bytes: Uint8Array
  /** The field as it stands in the message, key and all. */
  whole: Uint8Array
}

/**
 * Reads the fields of a protobuf message one after the other without copying: what is not understood can be passed on as it is.
 * @throws RangeError for bytes that are no message
 */
export function* fieldsOf(message: Uint8Array): Generator<Field> {
  const reader = { message, at: 0 }
  while (reader.at < message.length) {
    const start = reader.at
    const key = readVarint(reader)
    const number = Math.floor(key / 8)
    const kind = key % 8
    let value = 0
    let bytes: Uint8Array = nothing
    if (kind === 0) value = readVarint(reader)
    else if (kind === 2) bytes = take(reader, readVarint(reader))
    else if (kind === 1 || kind === 5) take(reader, kind === 1 ? 8 : 4)
    else throw new RangeError(`wire type ${kind} at byte ${start}`)
    yield { number, value, bytes, whole: message.subarray(start, reader.at) }
  }
}

/** A field with a length, as it stands in a message. */
export function lengthField(number: number, parts: readonly Uint8Array[]): Uint8Array[] {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  return [Uint8Array.from([...varint(number * 8 + 2), ...varint(length)]), ...parts]
}

/** The numbers of a packed field of varints. */
export function packedVarints(message: Uint8Array): number[] {
  const reader = { message, at: 0 }
  const values: number[] = []
  while (reader.at < message.length) values.push(readVarint(reader))
  return values
}

export const textOf = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')

interface Reader {
  message: Uint8Array
  at: number
}

const nothing = new Uint8Array(0)

function readVarint(reader: Reader): number {
  let value = 0
  for (let shift = 0; shift < 70; shift += 7) {
    const byte = reader.message[reader.at++]
    if (byte === undefined) throw new RangeError('the message ends inside a number')
    value += (byte & 127) * 2 ** shift
    if (byte < 128) return value
  }
  throw new RangeError('a number of more than ten bytes')
}

function take(reader: Reader, length: number): Uint8Array {
  const end = reader.at + length
  if (end > reader.message.length) throw new RangeError(`a field of ${length} bytes where ${reader.message.length - reader.at} are left`)
  const bytes = reader.message.subarray(reader.at, end)
  reader.at = end
  return bytes
}

function varint(value: number): number[] {
  const bytes: number[] = []
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest]
    bytes.push((rest % 128) + 128)
  }
}
