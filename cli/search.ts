import { z } from 'zod'
import { dtypeSuffixes, type ModelDtype } from '../models/teachers/teacher-files.ts'
import { type SearchReply, searchImages } from '../stages/search.ts'
import type { Command } from './command.ts'

const schema = z.object({
  model: z.string().describe('folder of an exported model, of a run, or of a model in Hugging Face layout'),
  images: z.string().describe('folder of images, searched with its subfolders'),
  query: z.string().describe('what to look for, in any language of the model'),
  top: z.int().positive().default(10).describe('results to show'),
  dtype: z
    .enum(Object.keys(dtypeSuffixes) as ModelDtype[])
    .optional()
    .describe('number format of an exported model (default: the most precise there is)'),
  json: z.boolean().default(false).describe('print JSON'),
})

export const search: Command<typeof schema> = {
  name: 'search',
  description: 'Find the images of a folder that fit a text best.',
  schema,
  positional: 'query',
  examples: ['search --model runs/distill/export --images ~/Pictures "红色的苹果"'],
  async run({ json, ...request }) {
    const reply = await searchImages(request)
    process.stdout.write(json ? `${JSON.stringify(reply, null, 2)}\n` : table(reply))
    if (!json) for (const { path, reason } of reply.skipped) process.stderr.write(`skipped ${path}: ${reason}\n`)
  },
}

function table({ hits }: SearchReply): string {
  const width = String(hits.length).length
  return hits.map(({ rank, score, path }) => `${String(rank).padStart(width)}  ${score.toFixed(3).padStart(6)}  ${path}\n`).join('')
}
