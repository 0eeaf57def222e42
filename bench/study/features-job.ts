import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { openCorpus } from '../../corpora/open.ts'
import { openOnnxFolder } from '../../models/onnx/open-folder.ts'
import { prepareData } from '../../training/data/prepare.ts'
import type { Stage1Settings } from '../../training/stage1-settings.ts'
import { teacherFeatures } from '../../training/teachers/features.ts'
import type { Measures, Site } from './job.ts'
import { peakMemory } from './log-measures.ts'

export interface FeaturesWork {
  settings: Pick<Stage1Settings, 'variants' | 'augmentation' | 'strength' | 'seed'>
}

/** The teacher's one pass over everything, timed: the features are made anew in a folder of their own and thrown away. */
export async function featuresJob({ settings }: FeaturesWork, { place, dir }: Site): Promise<Measures> {
  const { languages, cacheDir, threads } = place
  const open = await openCorpus(place.corpus, { languages })
  const teacher = await openOnnxFolder(place.teacher, { threads })
  const { set, pixels } = await prepareData(open.corpus, languages, teacher, cacheDir)
  const own = join(dir, 'features')
  try {
    const policy = { name: settings.augmentation, strength: settings.strength }
    await rm(own, { recursive: true, force: true })
    const began = performance.now()
    await teacherFeatures(teacher, set, pixels, { cacheDir: own, variants: settings.variants, policy, seed: settings.seed, targets: 'augmented' })
    return { minutes: (performance.now() - began) / 60_000, peakMemoryMB: peakMemory() }
  } finally {
    await rm(own, { recursive: true, force: true })
    pixels.close()
    await teacher.release()
  }
}
