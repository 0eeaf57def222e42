import { join } from 'node:path'
import { mkdir, writeFile } from '../../base/disk.ts'
import type { Language, Split } from '../sample.ts'
import { type LineFile, lineFile } from './line-file.ts'
import { endingOf } from './pictures.ts'
import type { Writer } from './writer.ts'

const names: Record<Split, string> = { train: 'train', val: 'validation', test: 'test' }

/** Hugging Face's `imagefolder`: a folder a split, with copies of the pictures and `metadata.jsonl`, which has a list of captions a language. */
export function imageFolderWriter(folder: string, languages: readonly Language[]): Writer {
  const open = new Map<Split, LineFile>()
  let images = 0
  return {
    async add({ image, captions, classId, group }, split) {
      const dir = join(folder, names[split])
      const metadata = open.get(split) ?? (await lineFile(join(dir, 'metadata.jsonl')))
      open.set(split, metadata)
      const bytes = await image.read()
      const name = `${String(images++).padStart(8, '0')}.${await endingOf(bytes)}`
      await mkdir(dir)
      await writeFile(join(dir, name), bytes)
      const lists = Object.fromEntries(languages.map((language) => [language, captions[language] ?? []])) // columns of `datasets` are of one kind
      await metadata.write(`${JSON.stringify({ file_name: name, ...lists, class: classId ?? null, group: group ?? null })}\n`)
    },
    async finish() {
      for (const file of open.values()) await file.finish()
    },
    async discard() {
      for (const file of open.values()) await file.discard()
    },
  }
}
