import { stat } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { UserError } from '../../base/errors.ts'
import { handOver } from '../bad-row.ts'
import { looksLikeLanguage } from '../caption-column.ts'
import { languageOf } from '../language.ts'
import type { Reading } from '../sample.ts'
import { captionOf, type Row } from '../table.ts'
import { shardNames } from './braces.ts'
import { type Reader, splitInName } from './reader.ts'
import { parseRecord, recordRow, refuseUnnamed } from './record.ts'
import { readTarEntry, type TarEntry, tarEntries } from './tar-entries.ts'

const images = ['jpg', 'jpeg', 'png', 'webp', 'gif', 'avif', 'tif', 'tiff', 'svg']

/**
 * Tars whose files belong together by their key, all before the first dot: `KEY.jpg`; `KEY.txt` a caption, `KEY.zh.txt` or `KEY.en.1.txt` one in a
 * language; `KEY.json` with captions, split, class. A shard's name tells the split. Brace ranges, and several sources joined by `::`.
 * Source: https://github.com/webdataset/webdataset
 */
export const webDataset: Reader = {
  name: 'WebDataset',
  takes: ({ path, names }) => (names ? names.some((name) => name.endsWith('.tar')) : /\.(tar|tgz|tar\.gz)(::|$)/i.test(path)),
  async *rows({ path, names }, options) {
    const shards = names ? names.filter((name) => name.endsWith('.tar')).map((name) => join(path, name)) : shardNames(path)
    const folder = commonFolder(shards)
    for (const shard of shards.toSorted()) {
      if (!(await stat(shard).catch(() => undefined))?.isFile()) {
        throw new UserError({ where: shard, expected: 'a tar', got: 'no such file', hint: 'Check the path and its brace range.' })
      }
      for await (const files of samplesIn(shard)) {
        const row = await rowOf(shard, relative(folder, shard), files, options).catch((error) => handOver(error, options.onBadRow))
        if (row) yield row
      }
    }
  },
}

/** The folder that all files are in or below: shards of several folders may have the same names. */
function commonFolder(files: string[]): string {
  const [first = [], ...rest] = files.map((file) => dirname(resolve(file)).split(sep))
  const end = first.findIndex((name, i) => rest.some((other) => other[i] !== name))
  return first.slice(0, end < 0 ? undefined : end).join(sep) || sep
}

interface KeyedFiles {
  key: string
  /** By what follows the key, in lower case: `jpg`, `zh.txt`. */
  files: Map<string, TarEntry>
}

async function* samplesIn(shard: string): AsyncGenerator<KeyedFiles> {
  let sample: KeyedFiles | undefined
  const done = new Set<string>()
  for await (const entry of tarEntries(shard)) {
    const [, key = '', written = ''] = /^((?:.*\/)?[^./][^./]*)\.(.+)$/.exec(entry.name) ?? []
    const ending = written.toLowerCase()
    if (key === '') continue // a file without a dot belongs to no sample
    if (sample && sample.key !== key) yield sample
    if (sample?.key !== key) {
      if (done.has(key)) throw keyError(shard, key, 'files of one key together', 'the key again, after others', 'Pack them sorted by name.')
      done.add(key)
      sample = { key, files: new Map() }
    }
    if (sample.files.has(ending)) throw keyError(shard, key, `one ${ending}`, 'two', 'Pack each file once.')
    sample.files.set(ending, entry)
  }
  if (sample) yield sample
}

/** @param name of the shard among all */
async function rowOf(shard: string, name: string, { key, files }: KeyedFiles, options: Reading): Promise<Row> {
  const where = `${shard}: ${key}`
  const [image] = [...files].filter(([ending]) => images.includes(ending))
  if (!image) throw keyError(shard, key, `an image (${images.join(', ')})`, [...files.keys()].join(', '), 'Add it, or take the other files away.')
  const texts = [...files].filter(([ending]) => /(^|\.)(txt|caption)$/.test(ending))
  const json = files.get('json')
  const record = json ? parseRecord(await text(shard, json, where), where) : {}
  if (texts.length > 0) for (const field of ['caption', 'captions', 'text']) delete record[field] // the same words, by the tools that write both
  const row = recordRow(record, where, options)
  for (const [ending, entry] of texts) {
    const code = ending.split('.').find((part) => !/^(txt|caption|\d+)$/.test(part) && looksLikeLanguage(part))
    const language = code === undefined ? (options.captionLanguage ?? refuseUnnamed(where, ending)) : languageOf(code, where)
    row.captions.push([language, captionOf(await text(shard, entry, where))])
  }
  const split = row.split ?? splitInName(basename(shard))
  const source = { fingerprint: `${image[1].size}`, read: () => readTarEntry(shard, image[1]) }
  return { ...row, image: `${name.split(sep).join('/')}/${key}.${image[0]}`, source, ...(split && { split }) }
}

async function text(shard: string, entry: TarEntry, where: string): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readTarEntry(shard, entry))
  } catch {
    const hint = 'Write captions as UTF-8.'
    throw new UserError({ where, expected: 'text in UTF-8', got: `other bytes in ${entry.name}`, hint })
  }
}

function keyError(shard: string, key: string, expected: string, got: string, hint: string): UserError {
  return new UserError({ where: `${shard}: ${key}`, expected, got, hint })
}
