import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { crc32 } from 'node:zlib'
import { mkdir, openDraft, openToWrite, rm } from '../base/disk.ts'
import { UserError } from '../base/errors.ts'
import { requireSpace } from '../base/free-space.ts'
import { progress } from '../base/progress.ts'
import { notice } from '../base/watch.ts'
import type { Fit } from './decode.ts'
import { decodeMany } from './decode-many.ts'
import { clipFraming, type Framing } from './framing.ts'
import { decodeImage } from './images.ts'
import { readSidecar, writeSidecar } from './pixel-sidecar.ts'
import type { ImageSource } from './sample.ts'

/** Decoded images of one corpus in one file: image `i` is `size·size·4` RGBA bytes at `i·size·size·4`. */
export interface PixelCache {
  file: string
  /** Of the file alone: says which pictures are in it, wherever it lies. */
  name: string
  count: number
  size: number
  framing: Framing
  /** `keys[i]` is the key of the source that image `i` came from. */
  keys: string[]
  /** Reads image `i` (`[size, size, 4]`, not premultiplied), into `into` when given. The system's page cache holds what is hot. */
  read(i: number, into?: Uint8Array): Uint8Array
  close(): void
}

export interface PixelCacheOptions {
  /** Folder of the cache; made when missing. */
  dir: string
  /** Side of the square images in pixels. */
  size: number
  fit?: Fit
  /** Of photographs: the model's. */
  framing?: Framing
  /** Images decoded at once. */
  concurrency?: number
}

/** Raised whenever decodeImage would give other pixels, so that old caches are left behind. */
const version = 2

/**
 * Decodes every source once and returns the file that holds them, in the order given. A file with a matching
 * sidecar is reused, once every image in it has the checksum that stands there: damaged ones are decoded again. The file's name carries a hash of keys,
 * fingerprints, size and fit, so different corpora share a folder.
 * @throws UserError for an empty list, a disk without room, and images that cannot be decoded, all of them at once; nothing half-written stays behind
 */
export async function buildPixelCache(sources: ImageSource[], options: PixelCacheOptions): Promise<PixelCache> {
  const { dir, size, fit = 'auto', framing = clipFraming, concurrency = 4 } = options
  if (sources.length === 0) {
    throw new UserError({
      where: `pixel cache in ${dir}`,
      expected: 'at least one image',
      got: 'none',
      hint: 'Check the corpus and its split.',
    })
  }
  const keys = sources.map(({ key }) => key)
  const hash = hashOf(sources, size, [fit, framing])
  const file = join(dir, nameOf(size, hash))
  const sidecar = file.replace(/\.rgba$/, '.json')
  const decode = (source: ImageSource) => decodeImage(source, size, fit, framing)
  const about = { version, size, fit, hash, keys }
  const checksums = readSidecar(sidecar, about)
  const damaged = checksums && findDamaged(file, checksums, size * size * 4)
  if (!checksums || !damaged) {
    const hint = 'Free some space, or name another --cache-dir.'
    await requireSpace(dir, keys.length * size * size * 4, { what: `${keys.length} decoded images of ${size} px`, hint })
    await mkdir(dir)
    await rm(sidecar)
    await writeSidecar(sidecar, about, await write(file, sources, decode, concurrency))
  } else if (damaged.length > 0) {
    notice(`${file}: ${damaged.length} of ${keys.length} images are damaged: they are decoded again`)
    const renewed = await rewrite(file, sources, damaged, decode)
    await writeSidecar(
      sidecar,
      about,
      checksums.map((checksum, i) => renewed.get(i) ?? checksum),
    )
  }
  return openCache(file, { size, framing, keys })
}

/** The name that buildPixelCache gives a file of these images: what they look like to a model, in a hash. Nothing is decoded. */
export function pixelCacheName(sources: readonly ImageSource[], { size, framing }: { size: number; framing: Framing }): string {
  return nameOf(size, hashOf(sources, size, ['auto', framing]))
}

function nameOf(size: number, hash: string): string {
  return `pixels-${size}-${hash.slice(0, 16)}.rgba`
}

function openCache(file: string, { size, framing, keys }: Pick<PixelCache, 'size' | 'framing' | 'keys'>): PixelCache {
  const bytes = size * size * 4
  const count = keys.length
  const fd = openSync(file, 'r')
  return {
    file,
    name: basename(file),
    count,
    size,
    framing,
    keys,
    read: (i, into = new Uint8Array(bytes)) => {
      if (!(Number.isInteger(i) && i >= 0 && i < count)) throw new RangeError(`pixel cache: image ${i} of ${count} (${file})`)
      if (into.length < bytes) throw new RangeError(`pixel cache: a buffer of ${into.length} bytes for ${bytes} (${file})`)
      if (readSync(fd, into, 0, bytes, i * bytes) !== bytes) throw new Error(`pixel cache: ${file} ends inside image ${i}`)
      return into
    },
    close: () => closeSync(fd),
  }
}

type Decode = (source: ImageSource) => Promise<Uint8Array>

/** Writes all images into a new file, which takes the place of `file`. → the CRC-32 of each */
async function write(file: string, sources: ImageSource[], decode: Decode, concurrency: number): Promise<number[]> {
  const draft = await openDraft(file) // another process or call may be making the same one
  const bar = progress('decode', sources.length, 'images')
  const checksums: number[] = Array.from({ length: sources.length })
  const take = async (pixels: Uint8Array, i: number): Promise<void> => {
    checksums[i] = crc32(pixels)
    await draft.write(pixels, i * pixels.length)
  }
  try {
    await decodeMany(sources, decode, { concurrency, take, update: bar.update })
    await draft.finish()
    await draft.commit()
    return checksums
  } catch (error) {
    await draft.discard()
    throw error
  } finally {
    bar.stop()
  }
}

/** The images of a file whose bytes are not those of their CRC-32; undefined where the file has not the length, or is none. */
function findDamaged(file: string, checksums: readonly number[], bytes: number): number[] | undefined {
  if (statSync(file, { throwIfNoEntry: false })?.size !== checksums.length * bytes) return undefined
  const shown = checksums.length * bytes > 1e9 ? progress('check pixels', checksums.length, 'images') : undefined
  const fd = openSync(file, 'r')
  const image = Buffer.alloc(bytes)
  try {
    return checksums.flatMap((checksum, i) => {
      const got = readSync(fd, image, 0, bytes, i * bytes)
      shown?.update(i + 1)
      return got === bytes && crc32(image) === checksum ? [] : [i]
    })
  } finally {
    closeSync(fd)
    shown?.stop()
  }
}

/** Decodes some images again, into their places. → their CRC-32 */
async function rewrite(file: string, sources: ImageSource[], places: number[], decode: Decode): Promise<Map<number, number>> {
  const writer = await openToWrite(file, 'r+')
  try {
    const checksums = new Map<number, number>()
    for (const i of places) {
      const pixels = await decode(sources[i]!)
      await writer.write(pixels, i * pixels.length)
      checksums.set(i, crc32(pixels))
    }
    await writer.sync()
    return checksums
  } finally {
    await writer.close()
  }
}

/** What an image's pixels depend on. */
export function contentOf({ key, fingerprint, modified }: ImageSource): unknown[] {
  return [key, fingerprint ?? null, ...(modified === undefined ? [] : [modified])]
}

function hashOf(sources: readonly ImageSource[], size: number, frame: [Fit, Framing]): string {
  const hash = createHash('sha256').update(JSON.stringify([version, size, ...frame]))
  for (const source of sources) hash.update(JSON.stringify(contentOf(source)))
  return hash.digest('hex')
}
