import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import { UserError } from '../../base/errors.ts'
import { unlessBad } from '../bad-row.ts'
import type { Language } from '../sample.ts'
import { captionOf, type Row } from '../table.ts'
import { utf8Lines } from '../utf8.ts'
import { type Reader, splitInName } from './reader.ts'
import { refuseUnnamed } from './record.ts'

/** `IMG.jpg#zhc#0 句子`, `COCO_val2014_000000217153#0<TAB>句子`, `IMG.jpg#0<TAB>a sentence`. */
const shape = /^(\S+?)#(?:([a-z]+)#)?\d+\s+(.+)$/

/**
 * A list of captions, one a line, as COCO-CN, Flickr8k-CN, Flickr30k-CN and Flickr8k have it; `词:词性` tags are taken off. Lists of ids beside it whose
 * names hold train, val, dev or test give the splits; images in none of them are left out, and how many is said.
 * Source: https://github.com/li-xirong/coco-cn
 */
export const captionList: Reader = {
  name: 'caption list',
  takes: ({ path, names }) => names === undefined && extname(path).toLowerCase() === '.txt',
  async *rows({ path }, { captionLanguage, onBadRow }) {
    const splits = await splitsBeside(path)
    const left = new Set<string>()
    for await (const { text, line } of utf8Lines(path)) {
      const row = text.trim() === '' ? undefined : unlessBad(() => rowOf(text.trim(), `${path}:${line}`, captionLanguage), onBadRow)
      if (!row) continue
      const split = splits?.get(idOf(row.image))
      if (splits && split === undefined) left.add(row.image)
      else yield { ...row, ...(split && { split }) }
    }
    if (left.size > 0) process.stderr.write(`${path}: ${left.size} images are in no list of a split and were left out\n`)
  },
}

function rowOf(text: string, where: string, captionLanguage: Language | undefined): Row {
  const [, name, tag, written] = shape.exec(text) ?? []
  if (name === undefined || written === undefined) {
    const hint = 'Write one caption a line: the image, #, a number, a tab, the caption.'
    throw new UserError({ where, expected: 'IMG.jpg#0 and a caption', got: text.slice(0, 80), hint })
  }
  const caption = captionOf(withoutTags(written))
  const language = languageOfTag(tag) ?? captionLanguage ?? (/\p{Script=Han}/u.test(caption) ? 'zh' : refuseUnnamed(where, 'caption'))
  return { where, image: extname(name) ? name : `${name}.jpg`, captions: [[language, caption]] }
}

function languageOfTag(tag: string | undefined): string | undefined {
  return /^(zh|en|de|fr|ja|ko)[a-z]?$/.exec(tag ?? '')?.[1]
}

/** `一:m 只:q 狗:n` → `一只狗`; anything else as it is. */
function withoutTags(written: string): string {
  const words = written.split(/\s+/)
  return words.every((word) => /.:[A-Za-z]{1,5}$/.test(word)) ? words.map((word) => word.replace(/:[A-Za-z]+$/, '')).join('') : written
}

/** Id → split, of the lists in the same folder; undefined where there are none. */
async function splitsBeside(file: string): Promise<Map<string, string> | undefined> {
  const splits = new Map<string, string>()
  for (const name of (await readdir(dirname(file))).toSorted()) {
    const split = splitInName(name.replace(/([a-z])(?=Images)/, '$1 '))
    if (!split || name === basename(file) || extname(name) !== '.txt') continue
    const list = join(dirname(file), name)
    if (!(await isList(list))) continue
    for await (const { text } of utf8Lines(list)) if (text.trim() !== '') splits.set(idOf(text.trim()), split)
  }
  return splits.size > 0 ? splits : undefined
}

/** Whether the first line is an id alone. */
async function isList(file: string): Promise<boolean> {
  for await (const chunk of createReadStream(file, { end: 400, encoding: 'utf8' }) as AsyncIterable<string>) return /^[^\s#]+\s*(\n|$)/.test(chunk)
  return false
}

function idOf(name: string): string {
  return name.replace(/\.(jpe?g|png)$/i, '')
}
