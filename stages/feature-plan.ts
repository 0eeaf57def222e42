import { createHash } from 'node:crypto'
import { opening } from '../base/closing.ts'
import type { BadSample } from '../corpora/bad-row.ts'
import { openCorpus } from '../corpora/open.ts'
import { openTexts } from '../corpora/open-texts.ts'
import { contentOf } from '../corpora/pixel-cache.ts'
import { openOnnxFolder } from '../models/onnx/open-folder.ts'
import { teacherFolder } from '../run/shipped-teacher.ts'
import { loadTrainingSet, type TrainingSet } from '../training/data/training-set.ts'
import type { Compute, Shard } from '../training/queue/queue.ts'
import { imageShards } from '../training/teachers/image-shards.ts'
import type { FeatureShards } from '../training/teachers/shards.ts'
import { textShards } from '../training/teachers/text-shards.ts'
import { featureVersion } from './feature-version.ts'
import type { FeaturesSettings } from './settings/features.ts'

/** What features are of, in words and digests: two processes that agree in all of them compute the same files. */
export type FeatureIdentity = Record<'version' | 'teacher' | 'preprocessing' | 'corpus' | 'augmentation', string>

/** All features of a corpus' train split by a teacher, in shards. */
export interface FeaturePlan {
  identity: FeatureIdentity
  /** Images first; a shard's place in the list is the same in every process. */
  shards: Shard[]
  setOf(shard: Shard): FeatureShards
  sets: FeatureShards[]
  compute: Compute
  /** What was left out of the corpus because it cannot be used. */
  skipped?: BadSample[]
  close(): Promise<void>
}

/**
 * Opens corpus and teacher and says what there is to compute. Nothing is computed or written.
 * @throws UserError for a corpus or teacher that cannot be read
 */
export function openFeaturePlan(config: FeaturesSettings): Promise<FeaturePlan> {
  const { corpus, languages, cacheDir, variants, targets, seed, augmentation, strength, threads, device } = config
  return opening(async (closeLater, close) => {
    const data = (await openTexts(corpus, config)) ?? (await openCorpus(corpus, config)).corpus
    const teacher = closeLater(await openOnnxFolder(teacherFolder(config.teacher), { threads, device }), ({ release }) => release())
    const set = await loadTrainingSet(data, 'train', languages)
    const options = { cacheDir, variants, targets, seed, policy: { name: augmentation, strength } }
    const sets: FeatureShards[] = []
    if (set.images.length > 0) sets.push(closeLater(imageShards(teacher, set.images, options), ({ close }) => close()))
    sets.push(textShards(teacher, set.texts, cacheDir))
    const setOf = ({ kind }: Shard) => sets.find((set) => set.kind === kind)!
    return {
      identity: {
        version: featureVersion(),
        teacher: teacher.id,
        preprocessing: JSON.stringify({ size: teacher.imageSize, ...teacher.framing }),
        corpus: digestOf(set),
        augmentation: JSON.stringify(targets === 'plain' ? { targets } : { targets, variants, augmentation, strength, seed }),
      },
      shards: sets.flatMap(({ kind, count }) => Array.from({ length: count }, (_, index): Shard => ({ kind, index }))),
      setOf,
      sets,
      compute: (shard) => setOf(shard).compute(shard.index),
      skipped: data.skipped,
      close,
    }
  })
}

/** Twelve hexadecimal digits of the images' keys and contents, and of the texts. */
function digestOf({ images, texts }: TrainingSet): string {
  const hash = createHash('sha256')
  for (const source of images) hash.update(`${JSON.stringify(contentOf(source))}\n`)
  for (const text of texts) hash.update(`${JSON.stringify(text)}\n`)
  return `${images.length} images and ${texts.length} texts, ${hash.digest('hex').slice(0, 12)}`
}
