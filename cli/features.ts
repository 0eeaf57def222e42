import { commandLine } from '../run/command-line.ts'
import { featuresSettings } from '../stages/settings/features.ts'
import { stage1CommandSettings } from '../stages/settings/stage1.ts'
import type { Command } from './command.ts'

export const features: Command<typeof featuresSettings> = {
  name: 'features',
  schema: featuresSettings,
  examples: ['features --corpus photos.csv --languages en,de --teacher TEACHER', 'features --corpus photos.csv --queue redis://HOST'],
  async run(config) {
    const { featuresOfCorpus } = await import('../stages/features.ts')
    const { images, texts, megabytes } = await featuresOfCorpus(config)
    const { threads: _, shard, queue: _1, skipFailed: _2, ...same } = config
    if (shard !== undefined) return console.log(`Part ${shard} is in ${config.cacheDir}. The same command without --shard finds all parts.`)
    console.log(`${images} images and ${texts} texts in ${config.cacheDir}, ${megabytes.toFixed(1)} MB of features.`)
    console.log(`Train with them: ${commandLine('stage1', stage1CommandSettings, { ...same, out: 'RUN' })}`)
  },
}
