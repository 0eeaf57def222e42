import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { random } from '../../base/random.ts'
import { type Augmentation, drawAugmentation, type Policy } from '../../corpora/augment.ts'
import type { Encoder } from '../../models/encoder.ts'
import type { Targets } from '../data/targets.ts'
import type { BlockSet } from './blocks.ts'
import { featureFormat } from './feature-folder.ts'
import type { RowSet } from './feature-store.ts'
import { augmentationSet } from './stored-augmentations.ts'

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

/** A teacher as far as images go. */
export type ImageTeacher = Pick<Encoder, 'id' | 'embedDim' | 'oneByOne' | 'encodeImages'>

/** What the rows of a teacher's image features are of, and where they lie. */
export interface ImageRows {
  /** Named by a hash of `made`, so that a changed input never meets old features. */
  dir: string
  made: Record<string, unknown>
  /** Rows of a plain image: 1. Row = image · variants + variant. */
  variants: number
  features: RowSet
  /** Absent where images are plain. */
  augmentations?: BlockSet
  /** What a row shows of its image. */
  draw(row: number): Augmentation
}

/** A shard: half a minute of a ViT-B/32 on two cores, and as many decoded pictures as fit into memory at any size. */
const imageShardRows = 512

/**
 * Says what rows there are of a corpus' images. Nothing is read or computed.
 * @param pixels.name as buildPixelCache names the decoded images
 */
export function imageRows(teacher: ImageTeacher, pixels: { name: string; count: number }, options: FeatureOptions): ImageRows {
  const { id, oneByOne, embedDim } = teacher
  const { policy, seed, imageTower: tower } = options
  const isPlain = options.targets === 'plain'
  const variants = isPlain ? 1 : options.variants
  const draw = isPlain ? () => ({}) : (row: number) => drawn(options, Math.floor(row / variants), row % variants)
  const made = {
    version: featureFormat,
    teacher: tower ?? id,
    oneByOne: oneByOne || undefined,
    embedDim,
    pixels: pixels.name,
    images: pixels.count,
    variants,
    ...(isPlain ? {} : { policy, seed }),
    blockRows: imageShardRows,
  }
  // A change in how augmentations are drawn shall be noticed.
  const few = isPlain ? [] : Array.from({ length: variants }, (_, variant) => drawn(options, variant, variant))
  const key = createHash('sha256')
    .update(JSON.stringify([made, few]))
    .digest('hex')
  const dir = join(options.cacheDir, `features-image-${key.slice(0, 16)}`)
  const rows = pixels.count * variants
  return {
    dir,
    made: { ...made, key },
    variants,
    features: { dir, kind: 'image', rows, width: embedDim, blockRows: imageShardRows },
    ...(isPlain ? {} : { augmentations: augmentationSet(dir, rows, imageShardRows) }),
    draw,
  }
}

/** Of plain targets, augmentations are other ones in every epoch, by the policy of the step; every `variants`th shows the plain image. */
export function drawnBesidePlain(options: Pick<FeatureOptions, 'seed' | 'policy' | 'variants'>) {
  return (image: number, epoch: number, policy = options.policy): Augmentation =>
    drawn({ ...options, policy }, image, (image + epoch) % options.variants === 0 ? 0 : epoch + 1)
}

/** The augmentation of a version of an image; the plain image is version 0. */
function drawn({ seed, policy }: Pick<FeatureOptions, 'seed' | 'policy'>, image: number, variant: number): Augmentation {
  return variant === 0 ? {} : drawAugmentation(random(seed, 7, image, variant), policy)
}
