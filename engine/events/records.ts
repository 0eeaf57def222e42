import { maskedCrc32c } from './crc32c.ts'

/** Bytes around a record's data: its length (uint64) with a CRC before, a CRC of the data behind. All little-endian. */
const head = 12
const tail = 4

/** One TFRecord. */
export function encodeRecord(data: Uint8Array): Buffer {
  const record = Buffer.alloc(head + data.length + tail)
  record.writeBigUInt64LE(BigInt(data.length), 0)
  record.writeUInt32LE(maskedCrc32c(record.subarray(0, 8)), 8)
  record.set(data, head)
  record.writeUInt32LE(maskedCrc32c(data), head + data.length)
  return record
}

/** The data of the records in a file, with the offset at which each begins; ends before the first that is unfinished or damaged. */
export function* decodeRecords(file: Buffer): Generator<{ at: number; data: Buffer }> {
  for (let at = 0; at + head <= file.length; ) {
    const length = Number(file.readBigUInt64LE(at))
    const end = at + head + length + tail
    if (file.readUInt32LE(at + 8) !== maskedCrc32c(file.subarray(at, at + 8)) || end > file.length) return
    const data = file.subarray(at + head, end - tail)
    if (file.readUInt32LE(end - tail) !== maskedCrc32c(data)) return
    yield { at, data }
    at = end
  }
}
