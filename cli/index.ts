import { z } from 'zod'
import { printableName } from '../base/printable.ts'
import { exportFormats } from '../search/index/export-formats.ts'
import type { IndexReply } from '../search/index/update.ts'
import { dtypeSetting, modelSetting } from '../stages/settings/shared.ts'
import { imageTimeoutSetting } from '../training/run-settings.ts'
import type { Command } from './command.ts'
import { recallText } from './recall-text.ts'

const schema = z.object({
  model: modelSetting('folder of an exported model, of a run, or of a model in Hugging Face layout'),
  images: z.string().meta({ description: 'folder of images, indexed with its subfolders', group: 'Input', usual: true, path: 'one' }),
  imageTimeout: imageTimeoutSetting,
  out: z
    .string()
    .default('runs/search.index')
    .meta({ description: 'index file; one that is there is brought up to date', group: 'Output', usual: true }),
  dtype: dtypeSetting
    .optional()
    .meta({ description: 'number format of an exported model (default: the most precise there is)', group: 'Model', usual: true }),
  approximate: z.boolean().optional().meta({
    description: 'keep a graph, for folders of hundreds of thousands, and measure what it misses; stays as it is until --no-approximate',
    group: 'Model',
    usual: true,
  }),
  measure: z
    .boolean()
    .default(false)
    .meta({ description: 'measure the recall of an approximate index even if nothing changed', group: 'Model', usual: true }),
  force: z
    .boolean()
    .default(false)
    .meta({ description: 'replace an index of another folder or model', group: 'Output', usual: true, transient: true }),
  export: z.enum(exportFormats).optional().meta({
    description: 'write the images beside the index for another database: parquet for LanceDB, JSONL for Qdrant',
    group: 'Output',
    usual: true,
  }),
  json: z.boolean().default(false).meta({ description: 'print JSON', group: 'Output', usual: true }),
})

export const indexImages: Command<typeof schema> = {
  name: 'index',
  schema,
  examples: ['index runs/distill/export --images ~/Pictures', 'index runs/distill/export --images ~/Pictures --out photos.index --approximate'],
  async run({ json, ...request }) {
    const { updateIndex } = await import('../search/index/update.ts')
    const reply = await updateIndex(request)
    process.stdout.write(json ? `${JSON.stringify(reply, null, 2)}\n` : summary(reply))
    if (!json) for (const { path, reason } of reply.skipped) process.stderr.write(`skipped ${printableName(path)}: ${printableName(reason)}\n`)
  },
}

function summary({ file, model, dtype, images, added, changed, deleted, unchanged, skipped, recall, exported }: IndexReply): string {
  const count = (number: number) => number.toLocaleString('en-US')
  const parts = [`${count(added)} new`, `${count(changed)} changed`, `${count(deleted)} gone`, `${count(unchanged)} unchanged`]
  const unread = skipped.length > 0 ? `, ${count(skipped.length)} cannot be read` : ''
  const lines = [`${file}: ${count(images)} images by ${model} (${dtype}): ${parts.join(', ')}${unread}`]
  if (recall) lines.push(`approximate: ${recallText(recall)}`)
  if (exported) lines.push(`written out: ${exported}`)
  return `${lines.join('\n')}\n`
}
