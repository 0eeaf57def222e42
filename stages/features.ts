import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import writeFileAtomic from 'write-file-atomic'
import { type Augmentation, drawAugmentation, type Policy } from '../corpora/augment.ts'
import { batchLoader } from '../corpora/batch-loader.ts'
import type { PixelCache } from '../corpora/pixel-cache.ts'
import { UserError } from '../engine/errors.ts'
import { decodeNpy, encodeNpy } from '../engine/npy.ts'
import { type Progress, progress } from '../engine/progress.ts'
import { random } from '../engine/random.ts'
import type { Encoder } from '../models/encoder.ts'
import type { TrainingSet } from './training-set.ts'

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
  /** Unit embeddings of all images as they are. [N, Et] */
  plainImages(): Float32Array
}

export interface FeatureOptions {
  cacheDir: string
  /** Augmented versions of every image; version 0 is the plain image. */
  variants: number
  policy: Policy
  seed: number
}

const version = 1
const shardRows = 2048
const batchSize = 64

/**
 * Runs the teacher once over every image variant and every caption, or reads what an earlier run left.
 * The cache is content-addressed: its folder is named by a hash of images, captions, teacher and augmentation, so a changed
 * input never meets old features. Shards are float16 .npy files; a killed build goes on where it stopped.
 * @throws UserError when the teacher's images have another size or its features are not finite
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
  const augmentation = (image: number, variant: number): Augmentation =>
    variant === 0 ? {} : drawAugmentation(random(options.seed, 7, image, variant), options.policy)
  const key = featureKey(teacher, set, pixels, options, augmentation)
  const dir = join(options.cacheDir, `features-${key.slice(0, 16)}`)
  await mkdir(dir, { recursive: true })
  const rows = set.images.length * options.variants // row = variant · N + image
  const bar = progress('teacher features', rows + set.texts.length, 'embeddings')
  try {
    const loader = batchLoader({ cache: pixels })
    const imageShards = await shards(dir, 'image', rows, bar, 0, async (from, to) => {
      const items = Array.from({ length: to - from }, (_, i) => {
        const [variant, image] = [Math.floor((from + i) / set.images.length), (from + i) % set.images.length]
        return { index: image, augmentation: augmentation(image, variant) }
      })
      loader.request(items)
      const batch = await loader.next()
      const embeds = await teacher.encodeImages(batch, items.length)
      loader.release(batch)
      return embeds
    }).finally(() => loader.close())
    const textShards = await shards(dir, 'text', set.texts.length, bar, rows, (from, to) => teacher.encodeTexts(set.texts.slice(from, to)))
    await writeFileAtomic(
      join(dir, 'index.json'),
      `${JSON.stringify({ version, key, teacher: teacher.id, embedDim: teacher.embedDim, images: set.images.length, ...options, texts: set.texts.length, shardRows }, null, 2)}\n`,
    )
    const variantOf = (image: number, epoch: number) => (image + epoch) % options.variants
    return {
      embedDim: teacher.embedDim,
      logitScale: teacher.logitScale,
      augmentation: (image, epoch) => augmentation(image, variantOf(image, epoch)),
      images: (indices, epoch) =>
        pick(
          imageShards,
          Array.from(indices, (image) => variantOf(image, epoch) * set.images.length + image),
          teacher.embedDim,
        ),
      texts: (indices) => pick(textShards, Array.from(indices), teacher.embedDim),
      plainImages: () => pick(imageShards, Array.from(set.images.keys()), teacher.embedDim), // variant 0
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
    JSON.stringify({ version, teacher: teacher.id, variants, policy, seed, pixels: pixels.file.split('/').at(-1) }),
  )
  for (const image of pixels.keys) hash.update(`${image}\n`)
  for (const text of set.texts) hash.update(`${text}\n`)
  for (let variant = 1; variant < variants; variant++) hash.update(JSON.stringify(augmentation(variant, variant)))
  return hash.digest('hex')
}

/** Makes or reads the shards of one kind; `embed` gives the rows from..to. */
async function shards(
  dir: string,
  kind: string,
  rows: number,
  bar: Progress,
  done: number,
  embed: (from: number, to: number) => Promise<Float32Array>,
): Promise<Float32Array[]> {
  const result: Float32Array[] = []
  for (let start = 0; start < rows; start += shardRows) {
    const end = Math.min(start + shardRows, rows)
    const file = join(dir, `${kind}-${String(start / shardRows).padStart(5, '0')}.npy`)
    if (!existsSync(file)) {
      const parts: Float32Array[] = []
      for (let from = start; from < end; from += batchSize) {
        const part = await embed(from, Math.min(from + batchSize, end))
        requireFinite(part, `${kind} ${from}`)
        parts.push(part)
        bar.update(done + Math.min(from + batchSize, end))
      }
      const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0))
      parts.reduce((at, part) => (whole.set(part, at), at + part.length), 0)
      await writeFileAtomic(file, Buffer.from(encodeNpy(whole, whole.length / (end - start))))
    }
    result.push(decodeNpy(await readFile(file), file).data)
    bar.update(done + end)
  }
  return result
}

function requireFinite(values: Float32Array, where: string): void {
  const bad = values.findIndex((value) => !Number.isFinite(value))
  if (bad < 0) return
  throw new UserError({
    where: `teacher features of ${where}…`,
    expected: 'finite numbers',
    got: `${values[bad]}`,
    hint: 'The teacher is broken or overflows: try its fp32 files.',
  })
}

function pick(parts: Float32Array[], rows: number[], width: number): Float32Array {
  const result = new Float32Array(rows.length * width)
  for (const [i, row] of rows.entries()) {
    const at = (row % shardRows) * width
    result.set(parts[Math.floor(row / shardRows)]!.subarray(at, at + width), i * width)
  }
  return result
}
