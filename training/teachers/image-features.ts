import { progress } from '../../base/progress.ts'
import type { Augmentation, Policy } from '../../corpora/augment.ts'
import { batchLoader } from '../../corpora/batch-loader.ts'
import type { PixelCache } from '../../corpora/pixel-cache.ts'
import { openFeatureFolder } from './feature-folder.ts'
import { openStore } from './feature-store.ts'
import { drawnBesidePlain, type FeatureOptions, type ImageTeacher, imageRows } from './image-rows.ts'
import { embedRendered } from './rendered.ts'
import { storedAugmentations } from './stored-augmentations.ts'

export interface ImageFeatures {
  /**
   * The augmentation of an image that `epoch` uses.
   * @param policy of this step, where augmentations are drawn anew in every epoch (default: the run's); stored ones are what they are
   */
  augmentation(image: number, epoch: number, policy?: Policy): Augmentation
  /** Unit embeddings that images are to have in an epoch. [B] → [B, Et] */
  images(indices: Uint32Array, epoch: number): Float32Array
  /** Unit embeddings of images as they are. [n] → [n, Et] */
  plainImages(indices: Uint32Array): Float32Array
}

/**
 * Runs the teacher once over every image, in every augmentation that the student will see or plain, or finds what an earlier run left.
 * @throws UserError when features are not finite, or the folder holds something else
 */
export async function imageFeatures(teacher: ImageTeacher, pixels: PixelCache, options: FeatureOptions): Promise<ImageFeatures> {
  const { dir, made, variants, features, augmentations, draw } = imageRows(teacher, pixels, options)
  await openFeatureFolder(dir, made)
  const augmentation = augmentations ? await storedAugmentations(augmentations, draw) : draw
  const store = await openStore([features])
  const bar = progress('teacher features', features.rows, variants > 1 ? 'augmented images' : 'images')
  const loader = batchLoader({ cache: pixels })
  const item = (row: number) => ({ index: Math.floor(row / variants), augmentation: augmentation(row) })
  const make = async (from: number, to: number) => [await embedRendered(teacher, pixels.size, { loader, from, to, item, update: bar.update })]
  const [rows] = await store.complete(make, bar.update).finally(async () => {
    bar.stop()
    await loader.close()
  })
  const rowOf = (image: number, epoch: number) => image * variants + ((image + epoch) % variants)
  return {
    augmentation: augmentations ? (image, epoch) => augmentation(rowOf(image, epoch)) : drawnBesidePlain(options),
    images: (indices, epoch) => rows!.read(indices.map((image) => rowOf(image, epoch))),
    plainImages: (indices) => rows!.read(indices.map((image) => image * variants)),
  }
}
