import { readFile } from 'node:fs/promises'
import { basename, extname } from 'node:path'
import { z } from 'zod'
import { UserError } from '../../base/errors.ts'
import { unlessBad } from '../bad-row.ts'
import { captionOf } from '../table.ts'
import { type Reader, splitInName } from './reader.ts'
import { refuseUnnamed } from './record.ts'

const id = z.union([z.string(), z.number()])
const coco = z.object({
  images: z.array(z.object({ id, file_name: z.string() })),
  annotations: z.array(z.object({ image_id: id, caption: z.string() })),
})
/** Karpathy's splits of COCO, Flickr8k and Flickr30k. */
const karpathy = z.object({
  images: z
    .array(z.object({ filepath: z.string().optional(), filename: z.string(), split: z.string(), sentences: z.array(z.object({ raw: z.string() })) }))
    .min(1),
})

/** COCO's captions (`captions_val2017.json`), whose name tells the split, and `dataset_coco.json` of Karpathy's splits. The file is read as a whole. */
export const cocoJson: Reader = {
  name: 'COCO captions',
  takes: ({ path, names }) => names === undefined && extname(path).toLowerCase() === '.json',
  async *rows({ path }, { captionLanguage, onBadRow }) {
    const json = await jsonIn(path)
    const language = captionLanguage ?? refuseUnnamed(path, 'caption')
    const splits = karpathy.safeParse(json)
    if (splits.success) {
      for (const { filepath, filename, split, sentences } of splits.data.images) {
        const captions = sentences.map(({ raw }): [string, string] => [language, captionOf(raw)])
        yield {
          image: filepath ? `${filepath}/${filename}` : filename,
          where: `${path}: ${filename}`,
          captions,
          split: split === 'restval' ? 'train' : split,
        }
      }
      return
    }
    const found = coco.safeParse(json)
    if (!found.success) {
      const [issue] = found.error.issues
      const expected = 'COCO captions: {"images": [{"id", "file_name"}], "annotations": [{"image_id", "caption"}]}'
      throw new UserError({ where: path, expected, got: `${issue?.path.join('.')}: ${issue?.message}`, hint: 'Convert it, or write CSV or JSONL.' })
    }
    const split = splitInName(basename(path))
    const names = new Map(found.data.images.map(({ id, file_name }) => [id, file_name]))
    const rest = new Set(names.keys())
    for (const [i, { image_id, caption }] of found.data.annotations.entries()) {
      const where = `${path}: annotation ${i}`
      const image = unlessBad(() => names.get(image_id) ?? refuseImage(where, image_id), onBadRow)
      rest.delete(image_id)
      if (image !== undefined) yield { image, where, captions: [[language, captionOf(caption)]], ...(split && { split }) }
    }
    for (const id of rest) {
      const image = names.get(id)!
      yield { image, where: `${path}: ${image}`, captions: [], ...(split && { split }) }
    }
  },
}

function refuseImage(where: string, id: string | number): never {
  throw new UserError({ where, expected: `image ${id} among "images"`, got: 'no such id', hint: 'Add the image, or drop the caption.' })
}

async function jsonIn(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'))
  } catch (cause) {
    throw new UserError({ where: path, expected: 'JSON', got: (cause as Error).message, hint: 'Copy the file again; JSONL ends in .jsonl.' })
  }
}
