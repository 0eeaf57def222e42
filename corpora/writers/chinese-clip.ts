import { join } from 'node:path'
import type { Split } from '../sample.ts'
import { lineFile } from './table.ts'
import type { Writer } from './writer.ts'

const names: Record<Split, string> = { train: 'train', val: 'valid', test: 'test' }

/** Chinese-CLIP's folder: `{split}_imgs.tsv` and `{split}_texts.jsonl`, with the captions of one language. */
export function chineseClipWriter(folder: string, language: string): Writer {
  const open = new Map<Split, Promise<[Awaited<ReturnType<typeof lineFile>>, Awaited<ReturnType<typeof lineFile>>]>>()
  const filesOf = (split: Split) => {
    const name = names[split]
    const made = open.get(split) ?? Promise.all([lineFile(join(folder, `${name}_imgs.tsv`)), lineFile(join(folder, `${name}_texts.jsonl`))])
    open.set(split, made)
    return made
  }
  let [images, texts] = [0, 0]
  return {
    async add({ image, captions }, split) {
      const [tsv, jsonl] = await filesOf(split)
      const id = ++images
      await tsv.write(`${id}\t${Buffer.from(await image.read()).toString('base64')}\n`)
      for (const text of captions[language] ?? []) await jsonl.write(`${JSON.stringify({ text_id: ++texts, text, image_ids: [id] })}\n`)
    },
    async finish() {
      for (const files of open.values()) for (const file of await files) await file.finish()
    },
  }
}
