import { buildPixelCache, type PixelCache } from '../corpora/pixel-cache.ts'
import type { Corpus, Language } from '../corpora/sample.ts'
import type { Identity } from '../engine/checkpoint.ts'
import type { ClipConfig } from '../models/config.ts'
import { flatten } from './flatten.ts'
import type { TrainSettings } from './settings.ts'
import { loadTrainingSet, type TrainingSet } from './training-set.ts'

export interface TrainingData {
  set: TrainingSet
  pixels: PixelCache
}

/** Reads a corpus' train split and decodes its images once, at the model's size. */
export async function prepareData(corpus: Corpus, languages: Language[], imageSize: number, cacheDir: string): Promise<TrainingData> {
  const set = await loadTrainingSet(corpus, 'train', languages)
  return { set, pixels: await buildPixelCache(set.images, { dir: cacheDir, size: imageSize, fit: 'auto' }) }
}

/** What a resumed run is compared with, a line per thing that can differ. */
export function identityOf(corpus: Corpus, { set }: TrainingData, config: ClipConfig, settings: TrainSettings, more: Identity = {}): Identity {
  const model = flatten('model', { ...config })
  return {
    corpus: corpus.name,
    images: set.images.length,
    captions: set.texts.length,
    languages: set.languages.join(),
    ...model,
    ...flatten('', { ...settings }),
    ...more,
  }
}
