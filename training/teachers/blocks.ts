import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { mkdir, rm, writeFileAtomic } from '../../base/disk.ts'
import { UserError } from '../../base/errors.ts'
import { notice } from '../../base/watch.ts'

/**
 * Rows of one kind in files KIND-00000-CRC.EXT, KIND-00001-CRC.EXT, … of `blockRows` rows each. CRC is the CRC-32 of the file's bytes in hexadecimal: a file
 * says itself whether it is whole, two processes that make the same block write the same file, and a folder can be made in parts.
 */
export interface BlockSet {
  dir: string
  kind: string
  extension: string
  rows: number
  blockRows: number
}

export function blockCount({ rows, blockRows }: BlockSet): number {
  return Math.ceil(rows / blockRows)
}

/** The rows of a block, `to` exclusive. */
export function rowsOf({ rows, blockRows }: BlockSet, block: number): { from: number; to: number } {
  return { from: block * blockRows, to: Math.min((block + 1) * blockRows, rows) }
}

/** Numbers of the blocks whose files are there, by their names alone: what is in them is not read. */
export async function blocksThere(set: BlockSet): Promise<Set<number>> {
  return new Set((await namedBlocks(set)).map(({ block }) => block))
}

/**
 * Reads every file of the set once. → for each block its file, and what `parse` makes of it; undefined where there is none. A damaged file, whose bytes are
 * not those of its checksum or whose content `parse` throws at, is named on stderr and deleted: its block is then missing and is made again. Of two whole
 * files of a block, made by processors that round differently, the first by name counts for every reader.
 * @param wanted the blocks to look at; default: all
 */
export async function openBlocks<T>(
  set: BlockSet,
  parse: (bytes: Buffer, file: string, block: number) => T,
  wanted?: ReadonlySet<number>,
): Promise<(({ file: string } & T) | undefined)[]> {
  const found: (({ file: string } & T) | undefined)[] = Array.from({ length: blockCount(set) })
  for (const { name, block, checksum } of await namedBlocks(set)) {
    if (found[block] || (wanted && !wanted.has(block))) continue
    const file = join(set.dir, name)
    try {
      const bytes = await readFile(file)
      if (checksumOf(bytes) !== checksum) throw damaged(file, `bytes whose CRC-32 is ${checksum}`, checksumOf(bytes))
      found[block] = { file, ...parse(bytes, file, block) }
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      notice(`${file} is damaged (expected ${error.fields.expected}, got ${error.fields.got}): it is made again`)
      await rm(file)
    }
  }
  return found
}

/** The files of a set in the order of their names. */
async function namedBlocks(set: BlockSet): Promise<{ name: string; block: number; checksum: string }[]> {
  const pattern = new RegExp(`^${set.kind}-(\\d{5,})-([0-9a-f]{8})\\.${set.extension}$`)
  const names = (await readdir(set.dir).catch(() => [])).sort()
  return names.flatMap((name) => {
    const [, number, checksum = ''] = pattern.exec(name) ?? []
    return number !== undefined && Number(number) < blockCount(set) ? [{ name, block: Number(number), checksum }] : []
  })
}

/** Writes a block under the name that its content gives it. → the file */
export async function writeBlock({ dir, kind, extension }: BlockSet, block: number, bytes: Buffer): Promise<string> {
  const file = join(dir, `${kind}-${String(block).padStart(5, '0')}-${checksumOf(bytes)}.${extension}`)
  await mkdir(dir)
  await writeFileAtomic(file, bytes)
  return file
}

export function damaged(where: string, expected: string, got: string): UserError {
  return new UserError({ where, expected, got, hint: 'Delete the file: it is made again.' })
}

function checksumOf(bytes: Buffer): string {
  return crc32(bytes).toString(16).padStart(8, '0')
}
