import { z } from 'zod'
import { UserError } from '../base/errors.ts'
import { type LookupReply, searchIndex } from '../search/index/lookup.ts'
import { searchImages } from '../search/search-folder.ts'
import type { Command } from './command.ts'
import { recallText } from './index.ts'
import { dtypeOption } from './options.ts'

const schema = z.object({
  model: z.string().describe('folder of an exported model, of a run, or of a model in Hugging Face layout'),
  images: z.string().optional().describe('folder of images, searched with its subfolders'),
  index: z.string().optional().describe('index file instead of a folder; the command index makes it'),
  query: z.string().describe('what to look for, in any language of the model'),
  top: z.int().positive().default(10).describe('results to show'),
  dtype: dtypeOption.describe("number format of an exported model (default: the most precise there is, or the index's)"),
  exact: z.boolean().default(false).describe('score every image of an approximate index'),
  json: z.boolean().default(false).describe('print JSON'),
})

export const search: Command<typeof schema> = {
  name: 'search',
  description: 'Find the images of a folder, or of an index of one, that fit a text best.',
  schema,
  positional: 'query',
  examples: [
    'search --model runs/distill/export --images ~/Pictures "自行车"',
    'search --model runs/distill/export --index runs/search.index "自行车"',
  ],
  async run({ json, images, index, exact, ...request }) {
    requireOnePlace(images, index)
    const reply: LookupReply =
      index !== undefined ? await searchIndex({ ...request, index, exact }) : await searchImages({ ...request, images: images! })
    process.stdout.write(json ? `${JSON.stringify(reply, null, 2)}\n` : table(reply))
    if (json) return
    if (reply.recall) process.stderr.write(`approximate: ${recallText(reply.recall)}; --exact scores every image\n`)
    for (const { path, reason } of reply.skipped) process.stderr.write(`skipped ${path}: ${reason}\n`)
  },
}

function requireOnePlace(images: string | undefined, index: string | undefined): void {
  if ((images === undefined) !== (index === undefined)) return
  const got = images === undefined ? 'neither' : 'both'
  throw new UserError({
    where: 'search',
    expected: 'either --images FOLDER or --index FILE',
    got,
    hint: 'The command index makes an index of a folder.',
  })
}

function table({ hits }: LookupReply): string {
  const width = String(hits.length).length
  return hits.map(({ rank, score, path }) => `${String(rank).padStart(width)}  ${score.toFixed(3).padStart(6)}  ${path}\n`).join('')
}
