import { convertSettings } from '../stages/settings/convert.ts'
import type { Command } from './command.ts'

export const convert: Command<typeof convertSettings> = {
  name: 'convert',
  schema: convertSettings,
  examples: ['convert captions.csv captions.jsonl', "convert 'shards/train-{00000..00009}.tar' muge --format chinese-clip --languages zh"],
  async run(config) {
    const { convert: recipe } = await import('../stages/convert.ts')
    const { images, captions } = await recipe(config)
    console.log(`${config.out}: ${images} images, ${captions} captions`)
  },
}
