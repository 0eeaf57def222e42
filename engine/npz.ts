import { inflateRawSync } from 'node:zlib'
import { UserError } from '../base/errors.ts'

const endSize = 22
const entrySize = 46
const localSize = 30
const endMark = 0x06054b50
const entryMark = 0x02014b50

/**
 * The arrays of a NumPy .npz file by their names, each a .npy file: a zip without or with compression, as `numpy.savez` and `numpy.savez_compressed` write it
 * (PKWARE's APPNOTE, 4.3.12 and 4.3.16).
 * @throws UserError naming `where` for anything else
 */
export function npzArrays(bytes: Buffer, where: string): Map<string, Buffer> {
  try {
    return new Map(entries(bytes))
  } catch (error) {
    const hint = 'Write it with numpy.savez, or copy the file again.'
    throw new UserError({ where, expected: 'a whole .npz file', got: `${bytes.length} bytes (${(error as Error).message})`, hint })
  }
}

function* entries(bytes: Buffer): Generator<[string, Buffer]> {
  const end = bytes.length - endSize // numpy writes no comment after it
  if (bytes.readUInt32LE(end) !== endMark) throw new Error('no end of a zip')
  let at = bytes.readUInt32LE(end + 16)
  for (let left = bytes.readUInt16LE(end + 10); left > 0; left--) {
    if (bytes.readUInt32LE(at) !== entryMark) throw new Error('no entry of a zip')
    const [method, size, full] = [bytes.readUInt16LE(at + 10), bytes.readUInt32LE(at + 20), bytes.readUInt32LE(at + 24)]
    const [nameSize, extraSize, commentSize] = [bytes.readUInt16LE(at + 28), bytes.readUInt16LE(at + 30), bytes.readUInt16LE(at + 32)]
    const name = bytes.toString('utf8', at + entrySize, at + entrySize + nameSize)
    const local = bytes.readUInt32LE(at + 42)
    const start = local + localSize + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28)
    const packed = bytes.subarray(start, start + size)
    if (method !== 0 && method !== 8) throw new Error(`compression ${method}`)
    const content = method === 0 ? packed : inflateRawSync(packed, { maxOutputLength: Math.max(full, 1) })
    if (content.length !== full) throw new Error(`${name} is cut off`)
    if (name.endsWith('.npy')) yield [name.slice(0, -4), content]
    at += entrySize + nameSize + extraSize + commentSize
  }
}
