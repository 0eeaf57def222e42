import { createHash } from 'node:crypto'
import { flatten } from '../base/flatten.ts'
import { decisive } from '../base/setting.ts'
import type { Identity } from '../engine/checkpoint.ts'
import type { ClipConfig } from '../models/config.ts'
import { batchSizes } from './batch.ts'
import type { TrainingSet } from './data/training-set.ts'
import { type TrainSettings, trainSettings } from './settings.ts'
import type { Source } from './source.ts'
import { teachersId } from './teachers/teachers.ts'

/** What a resumed run is compared with, a line per thing that can differ; settings that decide nothing that is learnt may. */
export function identityOf(sources: Source[], config: ClipConfig, settings: TrainSettings, more: Identity = {}): Identity {
  const [{ name, set, distillation }, ...others] = sources as [Source, ...Source[]]
  const model = flatten('model', { ...config })
  const { batch } = batchSizes(settings, set.count)
  return {
    corpus: name,
    images: set.count,
    captions: set.texts.length,
    languages: set.languages.join(),
    'hash of images, captions and classes': hashOf(set),
    ...model,
    ...decisive(trainSettings, settings),
    ...(batch < Math.min(settings.batchSize, set.count) && { 'images that fill micro-batches': batch }),
    ...(distillation && { teacher: teachersId(distillation.teachers) }),
    ...Object.assign({}, ...others.map(identityOfSource)),
    ...more,
  }
}

function identityOfSource({ name, set, share, batchSize, weights, distillation }: Source): Identity {
  const objectives = Object.entries(weights).map(([objective, weight]) => `${objective}:${weight}`)
  const teacher = distillation ? ` by ${teachersId(distillation.teachers)}` : ''
  return { [name]: `${set.count} of hash ${hashOf(set)}, share ${share}, batches of ${batchSize}, ${objectives.join()}${teacher}` }
}

/** Counts alone would not tell that captions were corrected, or images replaced. */
function hashOf(set: TrainingSet): string {
  const images = set.images.map(({ key, fingerprint }) => [key, fingerprint])
  const hash = createHash('sha256').update(JSON.stringify([images, set.texts, [...set.classes], [...set.labels]]))
  for (const captions of Object.values(set.captions)) hash.update(JSON.stringify(captions))
  for (const texts of [...(set.unpaired ?? []), ...(set.targets ? [set.targets] : [])]) hash.update(texts)
  return hash.digest('hex').slice(0, 12)
}
