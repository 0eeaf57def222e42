import { join } from 'node:path'
import { mkdir, writeFile } from '../../base/disk.ts'
import { UserError } from '../../base/errors.ts'
import type { Language, Split } from '../sample.ts'
import { type LineFile, lineFile } from './line-file.ts'
import { endingOf } from './pictures.ts'
import type { Writer } from './writer.ts'

/** The languages that readers know by a tag. */
const tagged = ['zh', 'en', 'de', 'fr', 'ja', 'ko']

/**
 * A list as COCO-CN and Flickr8k-CN have it, `captions.txt` with `00000000.jpg#zhc#0<TAB>句子`, lists of the images of each split, and copies of the pictures, all in
 * one folder. One language may be any.
 * @throws UserError for several languages of which one has no tag, and for a caption of several lines
 */
export async function captionListWriter(folder: string, languages: readonly Language[]): Promise<Writer> {
  const other = languages.find((language) => !tagged.includes(language))
  if (other !== undefined && languages.length > 1) {
    const hint = 'Name one with --languages, or take another format.'
    throw new UserError({ where: '--format caption-list', expected: `languages with a tag (${tagged.join(', ')}), or one`, got: other, hint })
  }
  const captionsFile = await lineFile(join(folder, 'captions.txt'))
  const lists = new Map<Split, LineFile>()
  let images = 0
  return {
    async add({ id, image, captions }, split) {
      const bytes = await image.read()
      const name = `${String(images++).padStart(8, '0')}.${await endingOf(bytes)}`
      await mkdir(folder)
      await writeFile(join(folder, name), bytes)
      const list = lists.get(split) ?? (await lineFile(join(folder, `${split}.txt`)))
      lists.set(split, list)
      await list.write(`${name}\n`)
      for (const [language, texts] of Object.entries(captions)) {
        const tag = tagged.includes(language) ? `${language}c#` : ''
        for (const [i, text] of texts.entries()) await captionsFile.write(`${name}#${tag}${i}\t${oneLine(text, id)}\n`)
      }
    },
    async finish() {
      for (const list of lists.values()) await list.finish()
      await captionsFile.finish()
    },
    async discard() {
      for (const file of [...lists.values(), captionsFile]) await file.discard()
    },
  }
}

function oneLine(caption: string, image: string): string {
  if (!/[\r\n]/.test(caption)) return caption
  const hint = 'Take another format, or take line breaks out of captions.'
  throw new UserError({ where: `image ${image}`, expected: 'a caption of one line: the format has one a line', got: JSON.stringify(caption), hint })
}
