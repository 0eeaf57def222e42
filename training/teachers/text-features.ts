import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { progress } from '../../base/progress.ts'
import { embedTexts } from '../../models/embed.ts'
import type { Encoder } from '../../models/encoder.ts'
import type { TrainingSet } from '../data/training-set.ts'
import { openFeatureFolder } from './feature-folder.ts'
import { pick, shardRows, shards } from './feature-shards.ts'
import type { TeacherFeatures } from './features.ts'

const version = 1

/**
 * A teacher's features of texts alone, cached as teacherFeatures does it.
 * @throws UserError when they are not finite, or the folder holds another run's files
 */
export async function textFeatures(teacher: Encoder, { texts }: Pick<TrainingSet, 'texts'>, cacheDir: string): Promise<TeacherFeatures> {
  const key = createHash('sha256')
    .update(JSON.stringify({ version, teacher: teacher.id, oneByOne: teacher.oneByOne || undefined, texts }))
    .digest('hex')
  const dir = join(cacheDir, `text-features-${key.slice(0, 16)}`)
  const width = teacher.embedDim
  await openFeatureFolder(dir, { version, key, teacher: teacher.id, embedDim: width, texts: texts.length, shardRows })
  const bar = progress('teacher features', texts.length, 'embeddings')
  try {
    const rows = await shards({ dir, kind: 'text', rows: texts.length, width, bar, done: 0 }, (from, to) =>
      embedTexts(teacher, texts.slice(from, to)),
    )
    return {
      embedDim: width,
      logitScale: teacher.logitScale,
      texts: (indices) => pick(rows, Array.from(indices), width),
      augmentation: noImages,
      images: noImages,
    }
  } finally {
    bar.stop()
  }
}

function noImages(): never {
  throw new Error('features of texts alone: an image was asked for')
}
