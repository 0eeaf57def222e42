import { UserError } from '../../base/errors.ts'
import type { Augmentation, Policy } from '../../corpora/augment.ts'
import type { PixelCache } from '../../corpora/pixel-cache.ts'
import type { Encoder } from '../../models/encoder.ts'
import { imageFeatures } from './image-features.ts'
import type { FeatureOptions } from './image-rows.ts'
import { textFeatures } from './text-features.ts'

/** A teacher's features, as a training step reads them: stored, or made at that moment. */
export interface TeacherFeatures {
  embedDim: number
  logitScale: number
  /**
   * The augmentation of an image that `epoch` uses.
   * @param policy of this step, where augmentations are drawn anew in every epoch (default: the run's); stored ones are what they are
   */
  augmentation(image: number, epoch: number, policy?: Policy): Augmentation
  /** Unit embeddings that images are to have in an epoch; pixels [B, 3, S, S] are of the same images, augmented. [B] → [B, Et] */
  images(indices: Uint32Array, epoch: number, pixels: Float32Array): Float32Array | Promise<Float32Array>
  /** Unit embeddings of captions, by index into the training set's texts. [B] → [B, Et] */
  texts(indices: Uint32Array): Float32Array | Promise<Float32Array>
  /** Unit embeddings of images as they are, where they are stored. [n] → [n, Et] */
  plainImages?(indices: Uint32Array): Float32Array
}

/**
 * Runs the teacher once over every image and every text, or finds what an earlier run left; rows are read from disk as they are asked for.
 * Content-addressed and resumable; a block that was damaged is made again.
 * @throws UserError when the teacher's images have another size, its features are not finite, or a folder holds something else
 */
export async function teacherFeatures(
  teacher: Encoder,
  { texts }: { texts: readonly string[] },
  pixels: PixelCache,
  options: FeatureOptions,
): Promise<TeacherFeatures> {
  if (teacher.imageSize !== pixels.size) {
    throw new UserError({
      where: `teacher ${teacher.id}`,
      expected: `images of ${pixels.size} px`,
      got: `${teacher.imageSize} px`,
      hint: "Features need pixels decoded at the teacher's size.",
    })
  }
  const { embedDim, logitScale } = teacher
  const images = await imageFeatures(teacher, pixels, options)
  const { read } = await textFeatures(teacher, texts, options.cacheDir)
  return { embedDim, logitScale, ...images, texts: read }
}

/** The same of texts alone. */
export async function teacherTextFeatures(teacher: Encoder, texts: readonly string[], cacheDir: string): Promise<TeacherFeatures> {
  const { embedDim, logitScale } = teacher
  const { read } = await textFeatures(teacher, texts, cacheDir)
  return { embedDim, logitScale, texts: read, augmentation: noImages, images: noImages }
}

function noImages(): never {
  throw new Error('features of texts alone: an image was asked for')
}
