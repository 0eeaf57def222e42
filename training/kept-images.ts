import type { PixelCache } from '../corpora/pixel-cache.ts'
import type { KeptImageTower } from '../models/kept-image.ts'
import type { BatchSource } from './batch.ts'
import type { TeacherFeatures } from './teachers/features.ts'
import { type ImageFeatures, imageFeatures } from './teachers/image-features.ts'

/**
 * What an image tower that is kept makes of pictures as they are: the features of the teacher whose tower it is, which are stored, or else its own,
 * made once or found where an earlier run left them (see imageFeatures).
 * @throws UserError for embeddings that are not finite
 */
export async function imagesKept(
  tower: KeptImageTower,
  pixels: PixelCache,
  cacheDir: string,
  teacher?: TeacherFeatures,
): Promise<BatchSource['keptImages']> {
  const { images }: Pick<TeacherFeatures, 'images'> = teacher ?? (await embedAll(tower, pixels, cacheDir))
  return (indices, epoch) => images(indices, epoch, nothing)
}

/** Stored features are found by index; no pixels are read. */
const nothing = new Float32Array()

async function embedAll(tower: KeptImageTower, pixels: PixelCache, cacheDir: string): Promise<Pick<ImageFeatures, 'images'>> {
  const { encodeImages, release, towerId, embedDim } = await tower.open()
  const options = { cacheDir, variants: 1, targets: 'plain', policy: { name: 'none', strength: 0 }, seed: 1 } as const
  try {
    return await imageFeatures({ id: await towerId(), embedDim, encodeImages }, pixels, options)
  } finally {
    await release()
  }
}
