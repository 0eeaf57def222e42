import { batchLoader } from '../../corpora/batch-loader.ts'
import { decodeMany } from '../../corpora/decode-many.ts'
import type { Framing } from '../../corpora/framing.ts'
import { decodeImage } from '../../corpora/images.ts'
import { pixelCacheName } from '../../corpora/pixel-cache.ts'
import type { ImageSource } from '../../corpora/sample.ts'
import { blockCount, blocksThere, rowsOf } from './blocks.ts'
import { openFeatureFolder } from './feature-folder.ts'
import { openStore } from './feature-store.ts'
import { type FeatureOptions, type ImageTeacher, imageRows } from './image-rows.ts'
import { embedRendered } from './rendered.ts'
import type { FeatureShards } from './shards.ts'
import { missingAugmentations, storedAugmentations } from './stored-augmentations.ts'

/** As imageFeatures makes them, byte for byte; only a shard's own images are decoded, into memory. */
export function imageShards(
  teacher: ImageTeacher & { imageSize: number; framing: Framing },
  sources: readonly ImageSource[],
  options: FeatureOptions,
): FeatureShards {
  const { imageSize: size, framing } = teacher
  const pixels = { name: pixelCacheName(sources, { size, framing }), count: sources.length }
  const { dir, made, variants, features, augmentations, draw } = imageRows(teacher, pixels, options)
  const set = { ...features, extension: 'npy' }
  const loader = batchLoader({ cache: { size, count: 0 } })

  /** The images of some rows. */
  async function decode(from: number, to: number): Promise<{ first: number; pixels: SharedArrayBuffer }> {
    const first = Math.floor(from / variants)
    const images = sources.slice(first, Math.ceil(to / variants))
    const bytes = 4 * size * size
    const shared = new SharedArrayBuffer(images.length * bytes)
    const take = (rgba: Uint8Array, i: number) => new Uint8Array(shared, i * bytes, bytes).set(rgba)
    await decodeMany(images, (source) => decodeImage(source, size, 'auto', framing), { take })
    return { first, pixels: shared }
  }

  return {
    kind: 'image',
    rows: features.rows,
    count: blockCount(set),
    rowBytes: 2 * features.width,
    open: () => openFeatureFolder(dir, made),
    rowsOf: (shard) => rowsOf(set, shard),
    async there() {
      const drawn = augmentations && (await blocksThere(augmentations))
      const embedded = await blocksThere(set)
      return drawn ? new Set([...embedded].filter((shard) => drawn.has(shard))) : embedded
    },
    async missing(wanted) {
      const store = await openStore([features], wanted)
      return [...new Set([...store.missing, ...(augmentations ? await missingAugmentations(augmentations, wanted) : [])])].sort((a, b) => a - b)
    },
    async compute(shard) {
      const only = new Set([shard])
      const augmentation = augmentations ? await storedAugmentations(augmentations, draw, only) : draw
      const store = await openStore([features], only)
      await store.complete(async (from, to) => {
        const { first, pixels } = await decode(from, to)
        const item = (row: number) => ({ index: Math.floor(row / variants) - first, augmentation: augmentation(row) })
        return [await embedRendered(teacher, size, { loader, from, to, item, pixels, update: () => {} })]
      })
    },
    close: () => loader.close(),
  }
}
