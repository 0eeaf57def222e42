import type { ExecutionContext } from 'ava'
import sharp from 'sharp'
import { applyAugmentation } from '../../corpora/augment.ts'
import { buildPixelCache } from '../../corpora/pixel-cache.ts'
import type { TrainingSet } from '../../training/data/training-set.ts'
import type { TeacherFeatures } from '../../training/teachers/features.ts'
import { captions } from '../export/small-model.ts'
import { temporaryFolder } from '../temporary-folder.ts'

export const [count, size] = [5, 32]

/** Five pictures of two colours each with an English caption, and a folder for caches. */
export async function pictures(t: ExecutionContext) {
  const cacheDir = await temporaryFolder(t)
  const images = Array.from({ length: count }, (_, i) => ({
    key: `${i}.png`,
    read: async () => {
      const half = {
        input: { create: { width: 16, height: 9, channels: 3 as const, background: { r: 50 * i, g: 255 - 40 * i, b: 90 } } },
        left: i,
        top: 4 * i,
      }
      return sharp({ create: { width: size, height: size, channels: 3, background: { r: 255 - 45 * i, g: 30 * i, b: 10 } } })
        .composite([half])
        .png()
        .toBuffer()
    },
  }))
  const pixels = await buildPixelCache(images, { dir: cacheDir, size })
  t.teardown(() => pixels.close())
  const labels = Int32Array.from(images.keys())
  const texts = captions.slice(0, count)
  const set: TrainingSet = {
    images,
    count,
    classes: labels,
    labels,
    labelCount: count,
    captions: { en: texts.map((_, i) => [i]) },
    texts,
    languages: ['en'],
    dropped: 0,
  }
  /** What a student is given of these images in an epoch. [B, 3, S, S] */
  const augmented = (indices: Uint32Array, epoch: number, { augmentation }: Pick<TeacherFeatures, 'augmentation'>) => {
    const batch = new Float32Array(indices.length * 3 * size * size)
    for (const [at, i] of indices.entries()) applyAugmentation(pixels.read(i), size, augmentation(i, epoch), batch, at * 3 * size * size)
    return batch
  }
  return { pixels, set, cacheDir, augmented }
}
