import { openCorpus } from '../corpora/open.ts'
import { openTexts } from '../corpora/open-texts.ts'
import { buildPixelCache } from '../corpora/pixel-cache.ts'
import { openOnnxFolder } from '../models/onnx/open-folder.ts'
import { teacherFolder } from '../run/shipped-teacher.ts'
import { writeSkipped } from '../run/skipped.ts'
import { loadTrainingSet } from '../training/data/training-set.ts'
import { teacherFeatures, teacherTextFeatures } from '../training/teachers/features.ts'
import type { FeaturesSettings } from './settings/features.ts'

/**
 * Computes a teacher's features of a corpus' train split, images and texts, as stage 1 with the same settings will look for them. What is there already is
 * checked and kept; a run that was killed goes on. → how many rows there are, and what they take on disk
 * @throws UserError for a corpus or teacher that cannot be read, and for features that are not finite
 */
export async function featuresOfCorpus(config: FeaturesSettings): Promise<{ images: number; texts: number; megabytes: number }> {
  const { corpus, languages, cacheDir, variants, targets, seed, augmentation, strength, threads } = config
  const data = (await openTexts(corpus, config)) ?? (await openCorpus(corpus, config)).corpus
  await writeSkipped(cacheDir, data)
  const teacher = await openOnnxFolder(teacherFolder(config.teacher), { threads })
  try {
    const { images, texts } = await loadTrainingSet(data, 'train', languages)
    if (images.length === 0) await teacherTextFeatures(teacher, texts, cacheDir)
    else {
      const pixels = await buildPixelCache(images, { dir: cacheDir, size: teacher.imageSize, framing: teacher.framing })
      const options = { cacheDir, variants, targets, seed, policy: { name: augmentation, strength } }
      await teacherFeatures(teacher, { texts }, pixels, options).finally(() => pixels.close())
    }
    const rows = { images: images.length * (targets === 'plain' ? 1 : variants), texts: texts.length }
    return { ...rows, megabytes: ((rows.images + rows.texts) * 2 * teacher.embedDim) / 1e6 }
  } finally {
    await teacher.release()
  }
}
