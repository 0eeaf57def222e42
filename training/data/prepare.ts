import { createHash } from 'node:crypto'
import { flatten } from '../../base/flatten.ts'
import { buildPixelCache, type PixelCache } from '../../corpora/pixel-cache.ts'
import type { Corpus, Language, TextCorpus } from '../../corpora/sample.ts'
import type { Identity } from '../../engine/checkpoint.ts'
import type { ClipConfig } from '../../models/config.ts'
import type { TrainSettings } from '../settings.ts'
import { loadTrainingSet, type TrainingSet } from './training-set.ts'

export interface TrainingData {
  set: TrainingSet
  /** Absent where there are texts alone. */
  pixels?: PixelCache
}

export interface ImageData extends TrainingData {
  pixels: PixelCache
}

/** Reads a corpus' train split and decodes its images once, at the model's size. */
export async function prepareData(
  corpus: Corpus,
  languages: Language[],
  imageSize: number,
  cacheDir: string,
  options: { classColumn?: string } = {},
): Promise<ImageData> {
  const set = await loadTrainingSet(corpus, 'train', languages, options)
  return { set, pixels: await buildPixelCache(set.images, { dir: cacheDir, size: imageSize }) }
}

/** What a resumed run is compared with, a line per thing that can differ; how fast it computes and how it is shown may. */
export function identityOf(corpus: TextCorpus, data: TrainingData, config: ClipConfig, settings: TrainSettings, more: Identity = {}): Identity {
  const { set } = data
  const model = flatten('model', { ...config })
  const { tensorboard: _shown, threads: _speed, ...decisive } = settings
  return {
    corpus: corpus.name,
    images: set.count,
    captions: set.texts.length,
    languages: set.languages.join(),
    'hash of images, captions and classes': hashOf(data),
    ...model,
    ...flatten('', decisive),
    ...more,
  }
}

/** Counts alone would not tell that captions were corrected, or images replaced. */
function hashOf({ set }: TrainingData): string {
  const images = set.images.map(({ key, fingerprint }) => [key, fingerprint])
  const hash = createHash('sha256').update(JSON.stringify([images, set.texts, [...set.classes], [...set.labels]]))
  for (const language of set.languages) hash.update(JSON.stringify(set.captions[language]))
  return hash.digest('hex').slice(0, 12)
}
