import { type FileHandle, open } from 'node:fs/promises'
import { UserError } from '../../base/errors.ts'

/** A file in a tar, by where its bytes lie. */
export interface TarEntry {
  name: string
  start: number
  size: number
}

const block = 512

/**
 * The files of a tar in their order; contents are passed over, so that a shard of gigabytes is listed in the time of its headers. Libraries hand over
 * contents, not places; POSIX ustar with pax and GNU's long names (POSIX.1-2017, pax).
 * @throws UserError for a tar that is cut off or damaged, and for names that lead out of it
 */
export async function* tarEntries(file: string): AsyncGenerator<TarEntry> {
  const handle = await open(file)
  try {
    const { size: total } = await handle.stat()
    let long: { path?: string; size?: string } = {}
    for (let at = 0; at + block <= total; ) {
      const header = await bytesAt(handle, at, block)
      if (header.every((byte) => byte === 0)) return
      requireChecksum(header, file, at)
      const type = String.fromCharCode(header[156]!)
      const size = long.size === undefined || 'xgL'.includes(type) ? sizeOf(header) : Number(long.size)
      const start = at + block
      if (start + size > total) throw cutOff(file, total)
      at = start + Math.ceil(size / block) * block
      if (type === 'x') long = { ...long, ...paxOf(await bytesAt(handle, start, size)) }
      else if (type === 'L') long.path = textOf(await bytesAt(handle, start, size))
      else if (type !== 'g') {
        const name = long.path ?? nameOf(header)
        long = {}
        if (type === '0' || type === '\0') yield { name: inside(name, file), start, size }
        else if (type === '1' || type === '2') throw linked(file, name)
      }
    }
    throw cutOff(file, total) // two empty blocks end a tar
  } finally {
    await handle.close()
  }
}

export async function readTarEntry(file: string, { start, size }: TarEntry): Promise<Buffer> {
  const handle = await open(file)
  try {
    return await bytesAt(handle, start, size)
  } finally {
    await handle.close()
  }
}

async function bytesAt(handle: FileHandle, start: number, size: number): Promise<Buffer> {
  const bytes = Buffer.alloc(size)
  if (size > 0) await handle.read(bytes, 0, size, start)
  return bytes
}

function textOf(bytes: Buffer): string {
  const end = bytes.indexOf(0)
  return bytes.subarray(0, end < 0 ? undefined : end).toString('utf8')
}

function nameOf(header: Buffer): string {
  const prefix = textOf(header.subarray(257, 262)) === 'ustar' ? textOf(header.subarray(345, 500)) : ''
  const name = textOf(header.subarray(0, 100))
  return prefix ? `${prefix}/${name}` : name
}

/** Octal, or GNU's base 256 for large files. */
function sizeOf(header: Buffer): number {
  const field = header.subarray(124, 136)
  if (field[0]! & 0x80) return Number(field.readBigUInt64BE(4))
  return Number.parseInt(textOf(field).trim() || '0', 8)
}

/** `27 path=…\n` records. */
function paxOf(bytes: Buffer): { path?: string; size?: string } {
  const found: Record<string, string> = {}
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at)
    const length = Number(bytes.subarray(at, space).toString('latin1'))
    if (!(length > 0)) break
    const [key, ...value] = bytes
      .subarray(space + 1, at + length - 1)
      .toString('utf8')
      .split('=')
    found[key!] = value.join('=')
    at += length
  }
  return { ...(found.path !== undefined && { path: found.path }), ...(found.size !== undefined && { size: found.size }) }
}

/** The sum of the header's bytes, its own field taken as blanks. */
function requireChecksum(header: Buffer, file: string, at: number): void {
  let sum = 8 * 0x20
  for (let i = 0; i < block; i++) if (i < 148 || i >= 156) sum += header[i]!
  if (sum === Number.parseInt(textOf(header.subarray(148, 156)).trim(), 8)) return
  const gzip = header[0] === 0x1f && header[1] === 0x8b
  const got = gzip ? 'gzip' : `bytes that are no header, at ${at}`
  const hint = gzip ? 'Unpack it with gunzip: pictures are read from their places.' : 'Copy the file again.'
  throw new UserError({ where: file, expected: 'a tar', got, hint })
}

function inside(name: string, file: string): string {
  const plain = name.replace(/^(\.\/)+/, '')
  if (!plain.startsWith('/') && !plain.split('/').includes('..')) return plain
  throw new UserError({ where: file, expected: 'names inside the tar', got: `"${name}"`, hint: 'Pack the files again, from their own folder.' })
}

function linked(file: string, name: string): UserError {
  return new UserError({ where: file, expected: 'files', got: `a link, "${name}"`, hint: 'Pack the files themselves: tar --dereference.' })
}

function cutOff(file: string, total: number): UserError {
  return new UserError({ where: file, expected: 'a whole tar', got: `its first ${total} bytes`, hint: 'Copy the file again.' })
}
