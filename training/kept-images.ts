import type { KeptImageTower } from '../models/kept-image.ts'
import type { BatchSource } from './batch.ts'
import type { ImageData } from './data/prepare.ts'
import { type TeacherFeatures, teacherFeatures } from './teachers/features.ts'

/**
 * What an image tower that is kept makes of a set's pictures as they are: the features of the teacher whose tower it is, which are stored, or else its own,
 * made once or found where an earlier run left them (see teacherFeatures).
 * @throws UserError for embeddings that are not finite
 */
export async function imagesKept(
  tower: KeptImageTower,
  data: ImageData,
  cacheDir: string,
  teacher?: TeacherFeatures,
): Promise<BatchSource['keptImages']> {
  const { images } = teacher ?? (await embedAll(tower, data, cacheDir))
  return (indices, epoch) => images(indices, epoch, nothing)
}

/** Stored features are found by index; no pixels are read. */
const nothing = new Float32Array()

async function embedAll(tower: KeptImageTower, { set, pixels }: ImageData, cacheDir: string): Promise<TeacherFeatures> {
  const { encodeImages, release, towerId, embedDim, imageSize, framing } = await tower.open()
  const id = await towerId()
  const encoder = { id, embedDim, imageSize, framing, logitScale: 1, encodeImages, encodeTexts: noTexts, release }
  const options = { cacheDir, variants: 1, targets: 'plain', policy: { name: 'none', strength: 0 }, seed: 1 } as const
  try {
    return await teacherFeatures(encoder, { ...set, texts: [] }, pixels, options)
  } finally {
    await release()
  }
}

function noTexts(): never {
  throw new Error('an image tower was asked for a text')
}
