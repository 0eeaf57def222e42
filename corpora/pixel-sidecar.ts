import { readFileSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { z } from 'zod'
import { writeFileAtomic } from '../base/disk.ts'

/** What a file of decoded images holds. */
interface About {
  version: number
  size: number
  fit: string
  hash: string
  keys: string[]
}

const schema = z.object({
  about: z.object({ version: z.number(), size: z.number(), fit: z.string(), hash: z.string(), keys: z.array(z.string()) }),
  /** The CRC-32 of each image's bytes. */
  checksums: z.array(z.number()),
  /** The CRC-32 of the rest, as JSON. */
  checksum: z.number(),
})

/** The CRC-32 of every image; undefined where the sidecar is missing, damaged or of other images: they have to be decoded. */
export function readSidecar(file: string, about: About): number[] | undefined {
  try {
    const found = schema.parse(JSON.parse(readFileSync(file, 'utf8')))
    const isWhole = checksumOf(found) === found.checksum && found.checksums.length === about.keys.length
    return isWhole && JSON.stringify(found.about) === JSON.stringify(about) ? found.checksums : undefined
  } catch {
    return undefined
  }
}

export async function writeSidecar(file: string, about: About, checksums: number[]): Promise<void> {
  await writeFileAtomic(file, `${JSON.stringify({ about, checksums, checksum: checksumOf({ about, checksums }) })}\n`)
}

function checksumOf({ about, checksums }: { about: About; checksums: number[] }): number {
  return crc32(JSON.stringify([about, checksums]))
}
