import { join } from 'node:path'
import type { Split } from '../sample.ts'
import { type LineFile, lineFile } from './line-file.ts'
import type { Writer } from './writer.ts'

const names: Record<Split, string> = { train: 'train', val: 'valid', test: 'test' }

/** Chinese-CLIP's folder: `{split}_imgs.tsv` and `{split}_texts.jsonl`, with the captions of one language. */
export function chineseClipWriter(folder: string, language: string): Writer {
  const open = new Map<Split, [images: LineFile, texts: LineFile]>()
  const all: LineFile[] = []
  const begin = async (name: string) => {
    const file = await lineFile(join(folder, name))
    all.push(file)
    return file
  }
  const filesOf = async (split: Split) => {
    const name = names[split]
    const files = open.get(split) ?? ([await begin(`${name}_imgs.tsv`), await begin(`${name}_texts.jsonl`)] as [LineFile, LineFile])
    open.set(split, files)
    return files
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
      for (const file of all) await file.finish()
    },
    async discard() {
      for (const file of all) await file.discard()
    },
  }
}
