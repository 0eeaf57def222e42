import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { UserError } from '../../base/errors.ts'
import { unlessBad } from '../bad-row.ts'
import { captionOf } from '../table.ts'
import { utf8Lines } from '../utf8.ts'
import type { Reader } from './reader.ts'

const id = z.union([z.string(), z.number()])
/** Chinese-CLIP's texts, and MUGE's queries. */
const line = z.union([
  z.object({ text: z.string(), image_ids: z.array(id) }),
  z.object({ query_text: z.string(), item_ids: z.array(id).default([]) }),
])
const ending = '_imgs.tsv'
const newline = 0x0a
const tab = 0x09

/** Where a picture lies in its file. */
interface Held {
  line: number
  start: number
  length: number
}

/**
 * A folder with `{split}_imgs.tsv` (id, tab, base64 in either alphabet) and `{split}_texts.jsonl`, or MUGE's `{split}_queries.jsonl`. Captions are Chinese
 * unless another language is named. Source: https://github.com/OFA-Sys/Chinese-CLIP
 */
export const chineseClip: Reader = {
  name: 'Chinese-CLIP',
  takes: ({ names = [] }) => names.some((name) => name.endsWith(ending)),
  async *rows({ path, names = [] }, { captionLanguage = 'zh', onBadRow }) {
    for (const images of names.filter((name) => name.endsWith(ending)).toSorted()) {
      const split = images.slice(0, -ending.length)
      const texts = [`${split}_texts.jsonl`, `${split}_queries.jsonl`].find((name) => names.includes(name))
      if (!texts) {
        const expected = `${split}_texts.jsonl beside ${images}`
        throw new UserError({ where: path, expected, got: 'no such file', hint: 'Put it there, or take the images of this split away.' })
      }
      const held = await indexOf(join(path, images))
      const left = new Set(held.keys())
      const rowOf = (key: string, captions: [string, string][], where: string) => {
        left.delete(key)
        return { image: key, where, captions, split, source: sourceOf(join(path, images), held.get(key)!) }
      }
      for await (const { text, line: number } of utf8Lines(join(path, texts))) {
        if (text.trim() === '') continue
        const where = `${join(path, texts)}:${number}`
        const written = unlessBad(() => parsed(text, where, held, images), onBadRow)
        for (const key of written?.ids ?? []) yield rowOf(key, [[captionLanguage, captionOf(written!.text)]], where)
      }
      for (const key of left) yield rowOf(key, [], `${join(path, images)}:${held.get(key)!.line}`)
    }
  },
}

/** A text and the ids of its images, all of which are held. */
function parsed(written: string, where: string, held: Map<string, Held>, images: string): { text: string; ids: string[] } {
  const found = line.safeParse(jsonOf(written))
  const ids = found.success ? ('text' in found.data ? found.data.image_ids : found.data.item_ids).map(String) : []
  const lost = ids.find((key) => !held.has(key))
  if (lost !== undefined)
    throw new UserError({ where, expected: `image ${lost} in ${images}`, got: 'no such id', hint: 'Add the image, or take the id away.' })
  if (found.success && ids.length > 0) return { text: 'text' in found.data ? found.data.text : found.data.query_text, ids }
  throw new UserError({
    where,
    expected: 'an object {"text_id", "text", "image_ids"} or {"query_id", "query_text", "item_ids"} with the id of an image',
    got: found.success ? 'no image' : written.slice(0, 80),
    hint: 'Name at least one image; a split without answers cannot be used.',
  })
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Id → where its base64 lies. One pass over the bytes, which are not kept. */
async function indexOf(file: string): Promise<Map<string, Held>> {
  const held = new Map<string, Held>()
  let [line, at, lineStart, dataStart] = [1, 0, 0, -1]
  let name: Buffer[] = []
  const finish = (end: number) => {
    const where = `${file}:${line}`
    if (end > lineStart && dataStart < 0) throw lineError(where, 'no tab')
    if (end > lineStart) {
      const key = Buffer.concat(name).toString('utf8').trim()
      if (held.has(key)) throw lineError(where, `id ${key} again, as in line ${held.get(key)!.line}`)
      held.set(key, { line, start: dataStart, length: end - dataStart })
    }
    ;[line, lineStart, dataStart, name] = [line + 1, end + 1, -1, []]
  }
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    let from = 0
    while (from < chunk.length) {
      if (dataStart < 0) {
        const [tabAt, endAt] = [chunk.indexOf(tab, from), chunk.indexOf(newline, from)]
        if (tabAt >= 0 && (endAt < 0 || tabAt < endAt)) {
          name.push(chunk.subarray(from, tabAt))
          dataStart = at + tabAt + 1
          from = tabAt + 1
          continue
        }
        name.push(chunk.subarray(from, endAt < 0 ? undefined : endAt))
      }
      const endAt = chunk.indexOf(newline, from)
      if (endAt < 0) break
      finish(at + endAt)
      from = endAt + 1
    }
    at += chunk.length
  }
  finish(at)
  return held
}

function lineError(where: string, got: string): UserError {
  return new UserError({ where, expected: 'an id of its own, a tab and an image in base64', got, hint: 'Write one image a line, each once.' })
}

function sourceOf(file: string, { line, start, length }: Held) {
  return {
    fingerprint: `${length}`,
    async read(): Promise<Uint8Array> {
      const handle = await open(file)
      try {
        const { buffer } = await handle.read(Buffer.alloc(length), 0, length, start)
        const text = buffer.toString('latin1').trim()
        if (/^[A-Za-z0-9+/_-]+=*$/.test(text)) return Buffer.from(text, 'base64')
        throw lineError(`${file}:${line}`, 'characters that are no base64')
      } finally {
        await handle.close()
      }
    },
  }
}
