import { z } from 'zod'
import { type IndexReply, updateIndex } from '../search/index/update.ts'
import type { Command } from './command.ts'
import { dtypeOption } from './options.ts'

const schema = z.object({
  model: z.string().describe('folder of an exported model, of a run, or of a model in Hugging Face layout'),
  images: z.string().describe('folder of images, indexed with its subfolders'),
  out: z.string().default('runs/search.index').describe('index file; one that is there is brought up to date'),
  dtype: dtypeOption.describe('number format of an exported model (default: the most precise there is)'),
  approximate: z
    .boolean()
    .optional()
    .describe('keep a graph, for folders of hundreds of thousands, and measure what it misses; stays as it is until --no-approximate'),
  measure: z.boolean().default(false).describe('measure the recall of an approximate index even if nothing changed'),
  force: z.boolean().default(false).describe('replace an index of another folder or model'),
  json: z.boolean().default(false).describe('print JSON'),
})

export const indexImages: Command<typeof schema> = {
  name: 'index',
  description: 'Index a folder of images for search; once more, and only what changed is embedded.',
  schema,
  examples: ['index --model runs/distill/export --images ~/Pictures', 'search --model runs/distill/export --index runs/search.index "自行车"'],
  async run({ json, ...request }) {
    const reply = await updateIndex(request)
    process.stdout.write(json ? `${JSON.stringify(reply, null, 2)}\n` : summary(reply))
    if (!json) for (const { path, reason } of reply.skipped) process.stderr.write(`skipped ${path}: ${reason}\n`)
  },
}

function summary({ file, model, dtype, images, added, changed, deleted, unchanged, skipped, recall }: IndexReply): string {
  const count = (number: number) => number.toLocaleString('en-US')
  const parts = [`${count(added)} new`, `${count(changed)} changed`, `${count(deleted)} gone`, `${count(unchanged)} unchanged`]
  const unread = skipped.length > 0 ? `, ${count(skipped.length)} cannot be read` : ''
  return `${file}: ${count(images)} images by ${model} (${dtype}): ${parts.join(', ')}${unread}\n${recall ? `approximate: ${recallText(recall)}\n` : ''}`
}

export function recallText({ pictures, words, queries }: NonNullable<IndexReply['recall']>): string {
  return `recall@10 against exact search ${words.toFixed(3)} for words, ${pictures.toFixed(3)} for pictures (${queries} queries)`
}
