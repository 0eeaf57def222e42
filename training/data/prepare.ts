import type { Frame } from '../../corpora/framing.ts'
import { buildPixelCache, type PixelCache } from '../../corpora/pixel-cache.ts'
import type { Corpus, Language } from '../../corpora/sample.ts'
import { loadTrainingSet, type TrainingSet } from './training-set.ts'

export interface TrainingData {
  set: TrainingSet
  /** Absent where there are texts alone. */
  pixels?: PixelCache
}

export interface ImageData extends TrainingData {
  pixels: PixelCache
}

/** Reads a corpus' train split and decodes its images once, as the model sees them. */
export async function prepareData(
  corpus: Corpus,
  languages: Language[],
  { imageSize, framing }: Frame,
  cacheDir: string,
  options: { classColumn?: string } = {},
): Promise<ImageData> {
  const set = await loadTrainingSet(corpus, 'train', languages, options)
  return { set, pixels: await buildPixelCache(set.images, { dir: cacheDir, size: imageSize, framing }) }
}
