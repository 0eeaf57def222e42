import { dirname } from 'node:path'
import { mkdir, openToWrite, rename } from '../../base/disk.ts'
import { picturePath } from './picture-path.ts'
import type { Writer } from './writer.ts'

/** Characters that are gathered before they are written. */
const gathered = 1 << 16

/** A file that is written under another name until it is whole. */
export async function lineFile(file: string): Promise<{ write(text: string): Promise<void>; finish(): Promise<void> }> {
  await mkdir(dirname(file))
  const partial = `${file}.partial`
  const out = await openToWrite(partial, 'w')
  let waiting = ''
  const flush = async () => {
    const text = waiting
    waiting = ''
    await out.write(text)
  }
  return {
    write: async (text) => {
      waiting += text
      if (waiting.length >= gathered) await flush()
    },
    finish: async () => {
      await flush()
      await out.sync()
      await out.close()
      await rename(partial, file)
    },
  }
}

/** CSV or TSV, one row a caption: `image,language,caption,split,class,group`. Images without captions have no row. */
export async function tableWriter(file: string, delimiter: ',' | '\t'): Promise<Writer> {
  const out = await lineFile(file)
  const row = (cells: string[]) => `${cells.map((cell) => quoted(cell, delimiter)).join(delimiter)}\n`
  await out.write(row(['image', 'language', 'caption', 'split', 'class', 'group']))
  return {
    async add({ image, captions, classId = '', group = '' }, split) {
      const path = await picturePath(image, dirname(file))
      for (const [language, texts] of Object.entries(captions))
        for (const text of texts) await out.write(row([path, language, text, split, classId, group]))
    },
    finish: () => out.finish(),
  }
}

/** open_clip's table, one row a caption of one language: `filepath`, `title`, which it reads, and `split`. */
export async function openClipWriter(file: string, language: string): Promise<Writer> {
  const out = await lineFile(file)
  const row = (cells: string[]) => `${cells.map((cell) => quoted(cell, '\t')).join('\t')}\n`
  await out.write(row(['filepath', 'title', 'split']))
  return {
    async add({ image, captions }, split) {
      const path = await picturePath(image, dirname(file))
      for (const text of captions[language] ?? []) await out.write(row([path, text, split]))
    },
    finish: () => out.finish(),
  }
}

function quoted(cell: string, delimiter: string): string {
  return cell.includes(delimiter) || /["\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell
}

/** JSONL, one image a line, all of its captions and columns. */
export async function jsonlWriter(file: string): Promise<Writer> {
  const out = await lineFile(file)
  return {
    async add({ image, captions, classId, group, columns }, split) {
      const { class: _class, group: _group, ...own } = columns ?? {}
      const line = { image: await picturePath(image, dirname(file)), captions, split, class: classId, group, ...own }
      await out.write(`${JSON.stringify(line)}\n`)
    },
    finish: () => out.finish(),
  }
}
