import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { requireSpace } from '../../base/free-space.ts'
import { progress } from '../../base/progress.ts'
import type { Augmentation } from '../../corpora/augment.ts'
import { batchLoader } from '../../corpora/batch-loader.ts'
import type { PixelCache } from '../../corpora/pixel-cache.ts'
import type { ClipConfig } from '../../models/config.ts'
import type { Tokenizer } from '../../tokenizers/load.ts'
import type { TrainingData } from '../data/prepare.ts'
import { textLengthOf } from '../data/text-length.ts'
import type { TrainingSet } from '../data/training-set.ts'
import { comparedLayers, type InnerShapes, innerDims } from '../objectives/inner-layers.ts'
import type { InnerLayer, Tower, Weights } from '../objectives/objective.ts'
import { openFeatureFolder } from './feature-folder.ts'
import { openStore, type RowSet } from './feature-store.ts'
import type { InnerRows, InnerTeacher } from './inner-teacher.ts'

/** A teacher's inner layers, as a training step reads them: stored, or made at that moment. */
export interface InnerFeatures {
  shapes: InnerShapes
  /** Whether rows are read; else the teacher makes them of the pixels and ids that are given. */
  stored: boolean
  /** Of augmented images, whose pixels are [B, 3, S, S]. */
  images(indices: Uint32Array, epoch: number, pixels: Float32Array): Promise<InnerRows>
  /** Of captions, by index into the training set's texts; ids and mask [B, T]. */
  texts(indices: Uint32Array, ids: Int32Array, mask: Int32Array): Promise<InnerRows>
}

export interface InnerOptions {
  cacheDir: string
  /** Stored augmentations of every image; 0: the teacher runs at every step. */
  variants: number
  /** The augmentation of an image in an epoch, the same again after `variants` epochs. */
  augmentation(image: number, epoch: number): Augmentation
  tokenizer: Tokenizer
  config: ClipConfig
}

/** A row is long, 33 kB for 65 tokens of 256 numbers: so many are together in memory while they are made, and later only those of a batch. */
const blockRows = 512
/** A graph is compiled for every number of images or texts that comes. */
const batchSize = 64
const version = 2

/**
 * Runs the teacher once over all that objectives compare, images in every stored augmentation and captions, into float16 files of which a step
 * reads its rows; or lets it run at every step where `variants` is 0. Content-addressed and resumable as teacherFeatures.
 * @throws UserError when the disk has no room for the files, for numbers that are not finite, and for files of another run
 */
export async function innerFeatures(
  teacher: InnerTeacher,
  weights: Weights,
  { set, pixels }: TrainingData,
  options: InnerOptions,
): Promise<InnerFeatures> {
  const [ofImages, ofTexts] = [comparedLayers(weights, 'image'), comparedLayers(weights, 'text')]
  const running: InnerFeatures = {
    shapes: teacher.shapes,
    stored: false,
    images: (indices, _, pixels) => teacher.images(pixels, indices.length, ofImages),
    texts: (indices, ids, mask) => teacher.texts(ids, mask, indices.length, ofTexts),
  }
  if (options.variants === 0) return running
  const images = pixels && ofImages.length > 0 ? { images: await storedImages(teacher, ofImages, pixels, options) } : {}
  const texts = ofTexts.length > 0 ? { texts: await storedTexts(teacher, ofTexts, set, options) } : {}
  return { ...running, stored: true, ...images, ...texts }
}

async function storedImages(
  teacher: InnerTeacher,
  layers: InnerLayer[],
  pixels: PixelCache,
  options: InnerOptions,
): Promise<InnerFeatures['images']> {
  const { variants, augmentation } = options
  const { count } = pixels
  const rows = count * variants // row = (epoch mod variants) · N + image
  const item = (row: number) => ({ index: row % count, augmentation: augmentation(row % count, Math.floor(row / count)) })
  const of = createHash('sha256').update(pixels.name) // which has the pictures' keys and contents in it
  for (let row = 0; row < rows; row++) of.update(JSON.stringify(item(row).augmentation))
  const loader = batchLoader({ cache: pixels })
  const rowsOf = { tower: 'image', of: of.digest('hex'), rows, tokens: teacher.shapes.image!.tokens! } as const
  const read = await stored(teacher, layers, rowsOf, options, async (from, to) => {
    loader.request(Array.from({ length: to - from }, (_, i) => item(from + i)))
    const batch = await loader.next()
    const result = await teacher.images(batch, to - from, layers)
    loader.release(batch)
    return result
  }).finally(() => loader.close())
  return (indices, epoch) => read(Array.from(indices, (image) => (epoch % variants) * count + image))
}

async function storedTexts(teacher: InnerTeacher, layers: InnerLayer[], set: TrainingSet, options: InnerOptions): Promise<InnerFeatures['texts']> {
  const { texts } = set
  const { tokenizer, config } = options
  const tokens = textLengthOf({ set, tokenizer, config })
  const of = createHash('sha256').update(JSON.stringify(texts)).digest('hex')
  const read = await stored(teacher, layers, { tower: 'text', of, rows: texts.length, tokens }, options, (from, to) => {
    const { inputIds, attentionMask } = tokenizer.encodeBatch(texts.slice(from, to), tokens)
    return teacher.texts(inputIds, attentionMask, to - from, layers)
  })
  return (indices) => read(Array.from(indices))
}

interface StoredTower {
  tower: Tower
  /** Digest of what the rows are of. */
  of: string
  rows: number
  tokens: number // T
}

/** Makes what is missing of a tower's rows. Returns who reads them. */
async function stored(
  teacher: InnerTeacher,
  layers: InnerLayer[],
  { tower, of, rows, tokens }: StoredTower,
  { cacheDir }: InnerOptions,
  make: (from: number, to: number) => Promise<InnerRows>,
): Promise<(rows: number[]) => Promise<InnerRows>> {
  const made = { version, teacher: teacher.id, tower, of, rows, tokens, blockRows }
  const key = createHash('sha256').update(JSON.stringify(made)).digest('hex')
  const dir = join(cacheDir, `layers-${tower}-${key.slice(0, 16)}`)
  const dims = innerDims(teacher.shapes[tower]!, tokens)
  const sets = layers.map((kind): RowSet => ({ dir, kind, rows, width: dims[kind].reduce((a, b) => a * b), blockRows }))
  const store = await openStore(sets)
  const hint = 'Free some space, set --cache-dir to another disk, store fewer --variants, or let the teachers run at every step with --variants 0.'
  await requireSpace(dir, store.missingBytes, { what: `the inner layers of the teacher's ${tower} tower`, hint })
  await openFeatureFolder(dir, { key, ...made })
  const bar = progress(`inside the teacher's ${tower} tower`, rows, `${tower}s`)
  const block = async (from: number, to: number) => {
    const whole = sets.map(({ width }) => new Float32Array((to - from) * width))
    for (let start = from; start < to; start += batchSize) {
      const end = Math.min(start + batchSize, to)
      const part = await make(start, end)
      for (const [i, kind] of layers.entries()) whole[i]!.set(part[kind]!, (start - from) * sets[i]!.width)
      bar.update(end)
    }
    return whole
  }
  const readers = await store.complete(block, bar.update).finally(bar.stop)
  return async (rows) => Object.fromEntries(layers.map((kind, i) => [kind, readers[i]!.read(rows)]))
}
