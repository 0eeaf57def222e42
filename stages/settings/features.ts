import { z } from 'zod'
import { runSettings } from '../../training/run-settings.ts'
import { stage1Settings } from '../../training/stage1-settings.ts'
import { corpusSettings, teacherDeviceSetting, teacherSetting } from './shared.ts'

const { variants, targets, augmentation, strength, seed, threads } = stage1Settings.shape

export const featuresSettings = z.object({
  ...corpusSettings,
  corpus: corpusSettings.corpus.meta({ description: 'emoji, emoji-names, or a .csv, .tsv or .jsonl file, with images or of texts alone' }),
  teacher: teacherSetting,
  variants: variants.unwrap().min(1).default(6).meta({ description: 'augmented versions of every image', group: 'Teacher', usual: true }),
  ...{ targets, augmentation, strength, seed, threads },
  device: teacherDeviceSetting,
  shard: z.string().optional().meta({
    description: 'compute one of n parts alone, for array jobs: i/n, with i from 0 to n - 1 (default: all that is missing)',
    group: 'Machine',
    usual: true,
    decides: 'nothing',
    transient: true,
  }),
  queue: z.string().optional().meta({
    description:
      'redis://HOST, where distilingual worker waits for shards; credentials from REDIS_USERNAME and REDIS_PASSWORD (default: this process computes)',
    group: 'Machine',
    usual: true,
    decides: 'nothing',
    transient: true,
  }),
  skipFailed: z.boolean().default(false).meta({
    description: 'end well without rows that could not be computed in three tries',
    group: 'Machine',
    decides: 'nothing',
    transient: true,
  }),
  cacheDir: runSettings.shape.cacheDir,
  imageTimeout: runSettings.shape.imageTimeout,
})

export type FeaturesSettings = z.output<typeof featuresSettings>
