import { commandLine } from '../run/command-line.ts'
import { featuresSettings } from '../stages/settings/features.ts'
import { stage1CommandSettings } from '../stages/settings/stage1.ts'
import type { Command } from './command.ts'

export const features: Command<typeof featuresSettings> = {
  name: 'features',
  schema: featuresSettings,
  examples: ['features --corpus photos.csv --languages en,de --teacher TEACHER', 'features --targets plain'],
  async run(config) {
    const { featuresOfCorpus } = await import('../stages/features.ts')
    const { images, texts, megabytes } = await featuresOfCorpus(config)
    console.log(`${images} images and ${texts} texts in ${config.cacheDir}, ${megabytes.toFixed(1)} MB of features.`)
    const { threads: _, ...same } = config
    console.log(`Train with them: ${commandLine('stage1', stage1CommandSettings, { ...same, out: 'RUN' })}`)
  },
}
