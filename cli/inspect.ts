import { z } from 'zod'
import { languageName } from '../report/format.ts'
import { teacherFolder } from '../run/shipped-teacher.ts'
import type { Inspection } from '../stages/inspect.ts'
import type { Command } from './command.ts'

const schema = z.object({
  teacher: z.string().meta({
    description: 'folder of a CLIP-like ONNX model, or IMAGE_DIR+TEXT_DIR',
    group: 'Input',
    usual: true,
    positional: true,
    path: 'one',
  }),
  output: z.string().optional().meta({
    description: 'take this output of both towers (default: the one whose name says that it is the embedding)',
    group: 'Model',
    usual: true,
  }),
  threads: z.int().positive().optional().meta({ description: 'threads of one operator (default: all cores)', group: 'Model' }),
  json: z.boolean().default(false).meta({ description: 'print JSON', group: 'Output', usual: true }),
})

export const inspect: Command<typeof schema> = {
  name: 'inspect',
  schema,
  examples: ['inspect models/teachers/bridged', 'inspect clip-vit-base-patch32+clip-ViT-B-32-multilingual-v1'],
  async run({ teacher, json, ...options }) {
    const { inspectTeacher } = await import('../stages/inspect.ts')
    const found = await inspectTeacher(teacherFolder(teacher), options)
    process.stdout.write(json ? `${JSON.stringify(found, null, 2)}\n` : `${inspectionLines(found).join('\n')}\n`)
  },
}

/** What is printed. */
export function inspectionLines({ id, towers, embedDim, logitScale, oneByOne, image, text, spelled, sanity }: Inspection): string[] {
  const inputs = (tower: Inspection['towers'][number]) =>
    tower.inputs.map(({ name, type, dims }) => `${name} ${type} [${dims.join(', ')}]`).join(', ')
  const languages = Object.entries(spelled)
  const shares = languages.map(([language, share]) => `${language} ${Math.floor(100 * share)} %`)
  const scores = Object.entries(sanity).map(
    ([language, { imageToText, textToImage }]) =>
      `  ${languageName(language).padEnd(11)} ${imageToText} of 10 pictures find their name, ${textToImage} names their picture`,
  )
  return [
    id,
    ...towers.map((tower) => `${tower.tower}: ${tower.file} (${tower.format}): ${inputs(tower)} → ${tower.output} [${embedDim}]`),
    `pictures: ${image.size} × ${image.size}; ${image.framing}; ${image.values} (${image.file})`,
    `texts: up to ${text.context} tokens${text.isFull ? ', always filled up to that length' : ''}; ${text.vocabulary} ids`,
    `names spelled without unknown tokens: ${shares.join(', ')}`,
    `scale of similarities: ${logitScale.toFixed(1)}${oneByOne ? '; quantized: embeds one at a time' : ''}`,
    `here: ${image.milliseconds.toFixed(1)} ms an image, ${text.milliseconds.toFixed(1)} ms a text`,
    'ten drawings and their names (chance: 1 of 10):',
    ...scores,
  ]
}
