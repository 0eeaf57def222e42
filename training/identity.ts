import { createHash } from 'node:crypto'
import { flatten } from '../base/flatten.ts'
import { decisive } from '../base/setting.ts'
import type { TextCorpus } from '../corpora/sample.ts'
import type { Identity } from '../engine/checkpoint.ts'
import type { ClipConfig } from '../models/config.ts'
import type { TrainingSet } from './data/training-set.ts'
import { type TrainSettings, trainSettings } from './settings.ts'

/** What a resumed run is compared with, a line per thing that can differ; settings that decide nothing that is learnt may. */
export function identityOf(corpus: TextCorpus, set: TrainingSet, config: ClipConfig, settings: TrainSettings, more: Identity = {}): Identity {
  const model = flatten('model', { ...config })
  return {
    corpus: corpus.name,
    images: set.count,
    captions: set.texts.length,
    languages: set.languages.join(),
    'hash of images, captions and classes': hashOf(set),
    ...model,
    ...decisive(trainSettings, settings),
    ...more,
  }
}

/** Counts alone would not tell that captions were corrected, or images replaced. */
function hashOf(set: TrainingSet): string {
  const images = set.images.map(({ key, fingerprint }) => [key, fingerprint])
  const hash = createHash('sha256').update(JSON.stringify([images, set.texts, [...set.classes], [...set.labels]]))
  for (const language of set.languages) hash.update(JSON.stringify(set.captions[language]))
  return hash.digest('hex').slice(0, 12)
}
