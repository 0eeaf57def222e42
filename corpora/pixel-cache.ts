import { createHash, randomUUID } from 'node:crypto'
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import pLimit from 'p-limit'
import writeFileAtomic from 'write-file-atomic'
import { z } from 'zod'
import { UserError } from '../base/errors.ts'
import { requireSpace } from '../base/free-space.ts'
import { progress } from '../base/progress.ts'
import { clipFraming, type Framing } from './framing.ts'
import { decodeImage, type Fit } from './images.ts'
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
const sidecarSchema = z.object({
  version: z.literal(version),
  size: z.number(),
  fit: z.string(),
  hash: z.string(),
  keys: z.array(z.string()),
})

/**
 * Decodes every source once and returns the file that holds them, in the order given. A file with a matching
 * sidecar is reused; its name carries a hash of keys, fingerprints, size and fit, so different corpora share a folder.
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
  const stem = join(dir, `pixels-${size}-${hash.slice(0, 16)}`)
  const file = `${stem}.rgba`
  const sidecar = `${stem}.json`
  if (!isCurrent(file, sidecar, hash, keys, size)) {
    const hint = 'Free some space, or name another --cacheDir.'
    await requireSpace(dir, keys.length * size * size * 4, { what: `${keys.length} decoded images of ${size} px`, hint })
    await mkdir(dir, { recursive: true })
    await rm(sidecar, { force: true })
    await write(file, sources, (source) => decodeImage(source, size, fit, framing), concurrency)
    await writeFileAtomic(sidecar, `${JSON.stringify({ version, size, fit, hash, keys })}\n`)
  }
  return openCache(file, { size, framing, keys })
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

async function write(file: string, sources: ImageSource[], decode: (source: ImageSource) => Promise<Uint8Array>, concurrency: number): Promise<void> {
  const unfinished = `${file}.${randomUUID()}.tmp` // another process or call may be making the same one
  const handle = await open(unfinished, 'w')
  const limit = pLimit(concurrency)
  const shown = progress('decode', sources.length, 'images')
  let done = 0
  const broken: UserError[] = []
  try {
    await Promise.all(
      sources.map((source, i) =>
        limit(async () => {
          const pixels = await decode(source).catch((error: Error) => {
            if (!(error instanceof UserError)) throw error
            broken.push(error)
          })
          if (pixels) {
            const { bytesWritten } = await handle.write(pixels, 0, pixels.length, i * pixels.length)
            if (bytesWritten !== pixels.length)
              throw new Error(`pixel cache: ${unfinished} took ${bytesWritten} of ${pixels.length} bytes (is the disk full?)`)
          }
          shown.update(++done)
        }),
      ),
    )
    if (broken.length > 0) throw allOf(broken, sources.length)
    await handle.sync()
    await handle.close()
    await rename(unfinished, file)
  } catch (error) {
    limit.clearQueue()
    await handle.close().catch(() => {})
    await rm(unfinished, { force: true })
    throw error
  } finally {
    shown.stop()
  }
}

const named = 10

/** One message for all images that have to be replaced. */
function allOf(broken: UserError[], count: number): UserError {
  if (broken.length === 1) return broken[0]!
  const told = broken.map(({ fields }) => `${fields.where.replace(/^image /, '')} (${fields.got})`).sort()
  const more = told.length > named ? `; and ${told.length - named} more` : ''
  return new UserError({
    where: `${told.length} of ${count} images`,
    expected: broken[0]!.fields.expected,
    got: `${told.slice(0, named).join('; ')}${more}`,
    hint: 'Replace these images or take them out of the corpus.',
  })
}

/** A sidecar that is missing, damaged or of other content means: build again. */
function isCurrent(file: string, sidecar: string, hash: string, keys: string[], size: number): boolean {
  try {
    const found = sidecarSchema.parse(JSON.parse(readFileSync(sidecar, 'utf8')))
    const same = found.hash === hash && found.keys.length === keys.length && found.keys.every((key, i) => key === keys[i])
    return same && statSync(file).size === keys.length * size * size * 4
  } catch {
    return false
  }
}

/** What an image's pixels depend on. */
export function contentOf({ key, fingerprint, modified }: ImageSource): unknown[] {
  return [key, fingerprint ?? null, ...(modified === undefined ? [] : [modified])]
}

function hashOf(sources: ImageSource[], size: number, frame: [Fit, Framing]): string {
  const hash = createHash('sha256').update(JSON.stringify([version, size, ...frame]))
  for (const source of sources) hash.update(JSON.stringify(contentOf(source)))
  return hash.digest('hex')
}
