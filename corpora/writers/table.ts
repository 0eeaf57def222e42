import { dirname } from 'node:path'
import { lineFile } from './line-file.ts'
import { picturesOf } from './pictures.ts'
import type { Writer } from './writer.ts'

/** CSV or TSV, one row a caption: `image,language,caption,split,class,group`. Images without captions have no row. */
export async function tableWriter(file: string, delimiter: ',' | '\t'): Promise<Writer> {
  const { out, pictures, discard } = await openTable(file)
  const row = (cells: string[]) => `${cells.map((cell) => quoted(cell, delimiter)).join(delimiter)}\n`
  await out.write(row(['image', 'language', 'caption', 'split', 'class', 'group']))
  return {
    async add({ image, captions, classId = '', group = '' }, split) {
      const path = await pictures.pathOf(image)
      for (const [language, texts] of Object.entries(captions))
        for (const text of texts) await out.write(row([path, language, text, split, classId, group]))
    },
    finish: () => out.finish(),
    discard,
  }
}

/** open_clip's table, one row a caption of one language: `filepath`, `title`, which it reads, and `split`. */
export async function openClipWriter(file: string, language: string): Promise<Writer> {
  const { out, pictures, discard } = await openTable(file)
  const row = (cells: string[]) => `${cells.map((cell) => quoted(cell, '\t')).join('\t')}\n`
  await out.write(row(['filepath', 'title', 'split']))
  return {
    async add({ image, captions }, split) {
      const path = await pictures.pathOf(image)
      for (const text of captions[language] ?? []) await out.write(row([path, text, split]))
    },
    finish: () => out.finish(),
    discard,
  }
}

/** JSONL, one image a line, all of its captions and columns. */
export async function jsonlWriter(file: string): Promise<Writer> {
  const { out, pictures, discard } = await openTable(file)
  return {
    async add({ image, captions, classId, group, columns }, split) {
      const { class: _class, group: _group, ...own } = columns ?? {}
      const line = { image: await pictures.pathOf(image), captions, split, class: classId, group, ...own }
      await out.write(`${JSON.stringify(line)}\n`)
    },
    finish: () => out.finish(),
    discard,
  }
}

/** A file of lines, and copies of pictures beside it. */
export async function openTable(file: string) {
  const out = await lineFile(file)
  const pictures = picturesOf(dirname(file))
  const discard = async () => {
    await out.discard()
    await pictures.discard()
  }
  return { out, pictures, discard }
}

function quoted(cell: string, delimiter: string): string {
  return cell.includes(delimiter) || /["\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell
}
