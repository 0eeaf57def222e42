import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { progress } from '../../base/progress.ts'
import { random } from '../../base/random.ts'
import { type Augmentation, drawAugmentation, type Policy } from '../../corpora/augment.ts'
import { batchLoader } from '../../corpora/batch-loader.ts'
import type { PixelCache } from '../../corpora/pixel-cache.ts'
import { imagesPerCall } from '../../models/embed.ts'
import type { Encoder } from '../../models/encoder.ts'
import type { Targets } from '../data/targets.ts'
import { openFeatureFolder } from './feature-folder.ts'
import { openStore, type RowReader } from './feature-store.ts'
import { storedAugmentations } from './stored-augmentations.ts'

export interface FeatureOptions {
  cacheDir: string
  /** Augmented versions of every image; version 0 is the plain image. */
  variants: number
  policy: Policy
  seed: number
  targets: Targets
  /** Whose image tower it is, where features of other models with the same tower are to be found (default: the teacher's id). */
  imageTower?: string
}

export interface ImageFeatures {
  /** The augmentation of an image that `epoch` uses. */
  augmentation(image: number, epoch: number): Augmentation
  /** Unit embeddings that images are to have in an epoch. [B] → [B, Et] */
  images(indices: Uint32Array, epoch: number): Float32Array
  /** Unit embeddings of all images as they are. [N, Et] */
  plainImages(): Float32Array
}

/** A teacher as far as images go. */
type ImageTeacher = Pick<Encoder, 'id' | 'embedDim' | 'oneByOne' | 'encodeImages'>

const version = 2
const blockRows = 2048

/**
 * Runs the teacher once over every image, in every augmentation that the student will see or plain, or finds what an earlier run left.
 * @throws UserError when features are not finite, or the folder holds something else
 */
export function imageFeatures(teacher: ImageTeacher, pixels: PixelCache, options: FeatureOptions): Promise<ImageFeatures> {
  return options.targets === 'plain' ? ofPlainImages(teacher, pixels, options) : ofAugmentedImages(teacher, pixels, options)
}

/** Row = image · variants + variant. */
async function ofAugmentedImages(teacher: ImageTeacher, pixels: PixelCache, options: FeatureOptions): Promise<ImageFeatures> {
  const { cacheDir, variants, policy, seed } = options
  const draw = drawing(options)
  // A change in how augmentations are drawn shall be noticed.
  const drawn = Array.from({ length: variants }, (_, variant) => draw(variant, variant))
  const dir = await openFolder(teacher, pixels, cacheDir, { variants, policy, seed, tower: options.imageTower }, drawn)
  const augmentation = await storedAugmentations(dir, pixels.count * variants, (row) => draw(Math.floor(row / variants), row % variants))
  const rows = await embedRows(teacher, pixels, dir, variants, augmentation)
  const rowOf = (image: number, epoch: number) => image * variants + ((image + epoch) % variants)
  return {
    augmentation: (image, epoch) => augmentation(rowOf(image, epoch)),
    images: (indices, epoch) => rows.read(indices.map((image) => rowOf(image, epoch))),
    plainImages: () => rows.read(Uint32Array.from({ length: pixels.count }, (_, image) => image * variants)),
  }
}

/** Row = image. Augmentations are other ones in every epoch; every `variants`th shows the plain image. */
async function ofPlainImages(teacher: ImageTeacher, pixels: PixelCache, options: FeatureOptions): Promise<ImageFeatures> {
  const dir = await openFolder(teacher, pixels, options.cacheDir, { variants: 1, tower: options.imageTower })
  const rows = await embedRows(teacher, pixels, dir, 1, () => ({}))
  const draw = drawing(options)
  return {
    augmentation: (image, epoch) => draw(image, (image + epoch) % options.variants === 0 ? 0 : epoch + 1),
    images: (indices) => rows.read(indices),
    plainImages: () => rows.read(Uint32Array.from({ length: pixels.count }, (_, image) => image)),
  }
}

function drawing({ seed, policy }: FeatureOptions): (image: number, variant: number) => Augmentation {
  return (image, variant) => (variant === 0 ? {} : drawAugmentation(random(seed, 7, image, variant), policy))
}

/** The folder is named by a hash of images, teacher and augmentations, so that a changed input never meets old features. */
async function openFolder(
  teacher: ImageTeacher,
  pixels: PixelCache,
  cacheDir: string,
  seen: { variants: number; policy?: Policy; seed?: number; tower?: string },
  drawn: Augmentation[] = [],
): Promise<string> {
  const { id, oneByOne, embedDim } = teacher
  const { tower = id, ...views } = seen
  const made = {
    version,
    teacher: tower,
    oneByOne: oneByOne || undefined,
    embedDim,
    pixels: pixels.name,
    images: pixels.count,
    ...views,
    blockRows,
  }
  const key = createHash('sha256')
    .update(JSON.stringify([made, drawn]))
    .digest('hex')
  const dir = join(cacheDir, `features-image-${key.slice(0, 16)}`)
  await openFeatureFolder(dir, { ...made, key })
  return dir
}

/** Images are rendered in another thread while the teacher is at those before. */
async function embedRows(
  teacher: ImageTeacher,
  pixels: PixelCache,
  dir: string,
  variants: number,
  augmentation: (row: number) => Augmentation,
): Promise<RowReader> {
  const width = teacher.embedDim
  const total = pixels.count * variants
  const store = await openStore([{ dir, kind: 'image', rows: total, width, blockRows }])
  const bar = progress('teacher features', total, variants > 1 ? 'augmented images' : 'images')
  const loader = batchLoader({ cache: pixels })
  const most = imagesPerCall(teacher, pixels.size)
  const make = async (from: number, to: number) => {
    for (let start = from; start < to; start += most) {
      const rows = Array.from({ length: Math.min(most, to - start) }, (_, i) => start + i)
      loader.request(rows.map((row) => ({ index: Math.floor(row / variants), augmentation: augmentation(row) })))
    }
    const block = new Float32Array((to - from) * width)
    for (let start = from; start < to; start += most) {
      const batch = await loader.next()
      const count = Math.min(most, to - start)
      block.set(await teacher.encodeImages(batch, count), (start - from) * width)
      loader.release(batch)
      bar.update(start + count)
    }
    return [block]
  }
  try {
    const [rows] = await store.complete(make, bar.update)
    return rows!
  } finally {
    bar.stop()
    await loader.close()
  }
}
