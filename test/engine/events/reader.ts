/** Reads event files without the code under test: TFRecord framing, CRC-32C bit by bit, protocol buffers by hand. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

export interface ReadEvent {
  wallTime: number
  step: number
  fileVersion?: string
  scalars: Record<string, number>
  /** Status of a session log. */
  session?: number
}

/** @throws Error for a record that is damaged or unfinished */
export function readEvents(file: Buffer): ReadEvent[] {
  const events: ReadEvent[] = []
  for (let at = 0; at < file.length; ) {
    const length = Number(file.readBigUInt64LE(at))
    const data = file.subarray(at + 12, at + 12 + length)
    if (unmask(file.readUInt32LE(at + 8)) !== crc(file.subarray(at, at + 8))) throw new Error(`CRC of the length at ${at}`)
    if (unmask(file.readUInt32LE(at + 12 + length)) !== crc(data)) throw new Error(`CRC of the data at ${at}`)
    events.push(parseEvent(data))
    at += 16 + length
  }
  return events
}

/** The events of a run folder by file, in the order in which TensorBoard reads them. */
export async function eventsIn(dir: string): Promise<ReadEvent[][]> {
  const names = (await readdir(dir)).filter((name) => name.includes('tfevents')).sort()
  return Promise.all(names.map(async (name) => readEvents(await readFile(join(dir, name)))))
}

/** Remainder of the message polynomial, a bit at a time. */
export function crc(bytes: Uint8Array): number {
  let rest = ~0
  for (const byte of bytes) {
    for (let bit = 0; bit < 8; bit++) {
      const differs = ((byte >> bit) ^ rest) & 1
      rest = (rest >>> 1) ^ (differs ? 0x82f63b78 : 0)
    }
  }
  return ~rest >>> 0
}

function unmask(masked: number): number {
  const rotated = (masked - 0xa282ead8) >>> 0
  return ((rotated >>> 17) | (rotated << 15)) >>> 0
}

function parseEvent(data: Buffer): ReadEvent {
  const event: ReadEvent = { wallTime: 0, step: 0, scalars: {} }
  for (const { field, bytes, number } of fields(data)) {
    if (field === 1) event.wallTime = bytes!.readDoubleLE()
    if (field === 2) event.step = number!
    if (field === 3) event.fileVersion = bytes!.toString()
    if (field === 5) for (const value of fields(bytes!)) Object.assign(event.scalars, scalar(value.bytes!))
    if (field === 7) event.session = [...fields(bytes!)].find((part) => part.field === 1)?.number
  }
  return event
}

function scalar(data: Buffer): Record<string, number> {
  const parts = [...fields(data)]
  const bytes = (wanted: number) => parts.find(({ field }) => field === wanted)?.bytes
  return { [bytes(1)!.toString()]: bytes(2)?.readFloatLE() ?? 0 }
}

function* fields(data: Buffer): Generator<{ field: number; bytes?: Buffer; number?: number }> {
  let at = 0
  const varint = () => {
    let value = 0
    for (let shift = 1; ; shift *= 128) {
      const byte = data[at++]!
      value += (byte & 127) * shift
      if (byte < 128) return value
    }
  }
  while (at < data.length) {
    const key = varint()
    const [field, wire] = [key >> 3, key & 7]
    if (wire === 0) yield { field, number: varint() }
    else {
      const length = wire === 1 ? 8 : wire === 5 ? 4 : varint()
      yield { field, bytes: data.subarray(at, at + length) }
      at += length
    }
  }
}
