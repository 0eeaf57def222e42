import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { UserError } from '../../base/errors.ts'
import { progress } from '../../base/progress.ts'
import { random } from '../../base/random.ts'
import { type Augmentation, drawAugmentation, type Policy } from '../../corpora/augment.ts'
import { batchLoader } from '../../corpora/batch-loader.ts'
import type { PixelCache } from '../../corpora/pixel-cache.ts'
import { embedPixels, embedTexts } from '../../models/embed.ts'
import type { Encoder } from '../../models/encoder.ts'
import type { TrainingSet } from '../data/training-set.ts'
import { openFeatureFolder } from './feature-folder.ts'
import { pick, shardRows, shards } from './feature-shards.ts'
import { storedAugmentations } from './stored-augmentations.ts'

/** A teacher's features, as a training step reads them: cached, or made at that moment. */
export interface TeacherFeatures {
  embedDim: number
  logitScale: number
  /** The augmentation of an image that `epoch` uses. */
  augmentation(image: number, epoch: number): Augmentation
  /** Unit embeddings of those augmented images, whose pixels are [B, 3, S, S]. [B] → [B, Et] */
  images(indices: Uint32Array, epoch: number, pixels: Float32Array): Float32Array | Promise<Float32Array>
  /** Unit embeddings of captions, by index into the training set's texts. [B] → [B, Et] */
  texts(indices: Uint32Array): Float32Array | Promise<Float32Array>
  /** Unit embeddings of all images as they are, where they are stored. [N, Et] */
  plainImages?(): Float32Array
}

export interface FeatureOptions {
  cacheDir: string
  /** Augmented versions of every image; version 0 is the plain image. */
  variants: number
  policy: Policy
  seed: number
}

const version = 1

/**
 * Runs the teacher once over every image variant and every caption, or reads what an earlier run left.
 * The cache is content-addressed: its folder is named by a hash of images, captions, teacher and augmentation, so a changed
 * input never meets old features. Shards are float16 .npy files; a killed build goes on where it stopped. The augmentations lie
 * beside them, a line an image row, and are what the student applies.
 * @throws UserError when the teacher's images have another size, its features are not finite, or the folder holds another run's files
 */
export async function teacherFeatures(teacher: Encoder, set: TrainingSet, pixels: PixelCache, options: FeatureOptions): Promise<TeacherFeatures> {
  if (teacher.imageSize !== pixels.size) {
    throw new UserError({
      where: `teacher ${teacher.id}`,
      expected: `images of ${pixels.size} px`,
      got: `${teacher.imageSize} px`,
      hint: "Features need pixels decoded at the teacher's size.",
    })
  }
  const draw = (image: number, variant: number): Augmentation =>
    variant === 0 ? {} : drawAugmentation(random(options.seed, 7, image, variant), options.policy)
  const key = featureKey(teacher, set, pixels, options, draw)
  const dir = join(options.cacheDir, `features-${key.slice(0, 16)}`)
  const { augmentation, digest } = await storedAugmentations(dir, set.images.length, options.variants, draw)
  const { variants, policy, seed } = options
  const counts = { images: set.images.length, texts: set.texts.length, shardRows }
  await openFeatureFolder(dir, {
    version,
    key,
    teacher: teacher.id,
    embedDim: teacher.embedDim,
    ...counts,
    variants,
    policy,
    seed,
    augmentations: digest,
  })
  const width = teacher.embedDim
  const rows = set.images.length * options.variants // row = variant · N + image
  const bar = progress('teacher features', rows + set.texts.length, 'embeddings')
  try {
    const loader = batchLoader({ cache: pixels })
    const imageShards = await shards({ dir, kind: 'image', rows, width, bar, done: 0 }, async (from, to) => {
      const items = Array.from({ length: to - from }, (_, i) => {
        const [variant, image] = [Math.floor((from + i) / set.images.length), (from + i) % set.images.length]
        return { index: image, augmentation: augmentation(image, variant) }
      })
      loader.request(items)
      const batch = await loader.next()
      const embeds = await embedPixels(teacher, batch, items.length)
      loader.release(batch)
      return embeds
    }).finally(() => loader.close())
    const textShards = await shards({ dir, kind: 'text', rows: set.texts.length, width, bar, done: rows }, (from, to) =>
      embedTexts(teacher, set.texts.slice(from, to)),
    )
    const variantOf = (image: number, epoch: number) => (image + epoch) % options.variants
    return {
      embedDim: width,
      logitScale: teacher.logitScale,
      augmentation: (image, epoch) => augmentation(image, variantOf(image, epoch)),
      images: (indices, epoch) =>
        pick(
          imageShards,
          Array.from(indices, (image) => variantOf(image, epoch) * set.images.length + image),
          width,
        ),
      texts: (indices) => pick(textShards, Array.from(indices), width),
      plainImages: () => pick(imageShards, Array.from(set.images.keys()), width), // variant 0
    }
  } finally {
    bar.stop()
  }
}

/** Everything a feature depends on. The augmentations themselves enter, so that a change in how they are drawn is noticed. */
function featureKey(
  teacher: Encoder,
  set: TrainingSet,
  pixels: PixelCache,
  { variants, policy, seed }: FeatureOptions,
  augmentation: (image: number, variant: number) => Augmentation,
): string {
  const hash = createHash('sha256').update(
    JSON.stringify({
      version,
      teacher: teacher.id,
      oneByOne: teacher.oneByOne || undefined,
      variants,
      policy,
      seed,
      pixels: pixels.name,
    }),
  )
  for (const image of pixels.keys) hash.update(`${image}\n`)
  for (const text of set.texts) hash.update(`${JSON.stringify(text)}\n`)
  for (let variant = 1; variant < variants; variant++) hash.update(JSON.stringify(augmentation(variant, variant)))
  return hash.digest('hex')
}
