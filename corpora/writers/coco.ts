import { openTable } from './table.ts'
import type { Writer } from './writer.ts'

/** Karpathy's JSON, which holds splits and is read wherever COCO captions are: the captions of one language. */
export async function cocoWriter(file: string, language: string): Promise<Writer> {
  const { out, pictures, discard } = await openTable(file)
  let count = 0
  await out.write('{"images": [')
  return {
    async add({ image, captions }, split) {
      const sentences = (captions[language] ?? []).map((raw) => ({ raw }))
      const entry = { filename: await pictures.pathOf(image), split, imgid: count, sentences }
      await out.write(`${count++ === 0 ? '' : ','}\n${JSON.stringify(entry)}`)
    },
    async finish() {
      await out.write('\n]}\n')
      await out.finish()
    },
    discard,
  }
}
