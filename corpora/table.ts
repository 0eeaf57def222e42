import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { basename, dirname, extname, normalize, resolve, sep } from 'node:path'
import pLimit from 'p-limit'
import { UserError } from '../base/errors.ts'
import { readRegularFile } from '../base/regular-file.ts'
import { type OnBadRow, unlessBad } from './bad-row.ts'
import { missingImage } from './missing-image.ts'
import type { Corpus, ImageSource, Language, Sample, Split, TextSample } from './sample.ts'

/** One row of a user's table, whatever the format, as far as it needs no image. */
export interface TextRow {
  /** For messages: `captions.csv:12`, `train-0.tar: KEY`. */
  where: string
  captions: [Language, string][]
  /** Whether a row of the table holds captions in several languages. */
  isWide?: boolean
  split?: string
  classId?: string
  group?: string
  /** Cells of columns that mean nothing here, empty ones left out. */
  columns?: Record<string, string>
}

/** All that a row says about one image. */
export interface Row extends TextRow {
  image: string
  /** Where the picture's bytes are, for formats that hold them; else `image` is a path. */
  source?: Pick<ImageSource, 'read' | 'fingerprint'>
}

type Entry = { sample: Sample; split?: Split; where: string; path?: string; written: string }

export interface TableCorpus extends Corpus {
  /** Where the image with this id is named first. */
  placeOf(id: string): string
}

const splitNames: Record<string, Split> = { train: 'train', val: 'val', valid: 'val', validation: 'val', dev: 'val', test: 'test' }
const order: Split[] = ['train', 'val', 'test']

/**
 * Makes a corpus of the rows of one file. Rows of the same image are merged; images without a split get one from
 * a hash of their path (80 % train, 10 % val, 10 % test), so that it never changes when others are added.
 * Throws UserError with the row's place for a row whose captions are all empty, an unknown split, rows that contradict each other,
 * images that do not exist, and a file without rows.
 * @param onBadRow gets the errors of rows and images instead, which are left out
 * @param imagesDir what image paths are relative to; default: the file's folder
 */
export async function tableCorpus(file: string, rows: AsyncIterable<Row>, imagesDir = dirname(file), onBadRow?: OnBadRow): Promise<TableCorpus> {
  const entries = new Map<string, Entry>()
  const languages = new Set<Language>()
  const setAside = new Set<string>()
  for await (const read of rows) {
    unlessBad(() => {
      const row = withCaptions(read)
      merge(file, entries, row, imagesDir)
      for (const [language] of row.captions) languages.add(language)
      for (const name of Object.keys(row.columns ?? {})) setAside.add(name)
    }, onBadRow)
  }
  if (entries.size === 0) {
    throw new UserError({ where: file, expected: 'at least one row below the header', got: 'none', hint: 'Add one row for each image or caption.' })
  }
  await checkImages(entries, imagesDir, onBadRow)
  if (entries.size === 0) {
    const hint = 'Name their folder with --images-dir.'
    throw new UserError({ where: file, expected: 'images that are there', got: 'none', hint })
  }
  const all = [...entries.values()].map((entry) => ({ ...entry, split: entry.split ?? hashSplit(entry.sample.id) }))
  return {
    name: basename(file, extname(file)),
    licence: 'not stated (user data)',
    languages: [...languages],
    setAside: [...setAside],
    splits: order.filter((split) => all.some((entry) => entry.split === split)),
    async *samples(split) {
      for (const entry of all) if (entry.split === split) yield entry.sample
    },
    placeOf: (id) => entries.get(id)?.where ?? file,
    languagesOf: (split) =>
      [...languages].filter((language) => all.some((entry) => entry.split === split && entry.sample.captions[language]?.length)),
  }
}

function merge(file: string, entries: Map<string, Entry>, row: Row, imagesDir: string): void {
  const key = row.source ? row.image : normalize(row.image).split(sep).join('/')
  const split = row.split === undefined ? undefined : splitOf(row.where, row.split)
  const entry = entries.get(key)
  if (!entry) {
    const path = row.source ? undefined : resolve(imagesDir, row.image)
    const source = row.source ?? { read: () => readImage(resolve(imagesDir, row.image)) }
    const sample: Sample = { ...sampleOf(key, row), image: { key, ...source, ...(path !== undefined && { path }) } }
    entries.set(key, { sample, where: row.where, ...(path !== undefined && { path }), written: row.image, ...(split ? { split } : {}) })
    return
  }
  const [known, added] = [entry.sample.columns ?? {}, columnsOf(row)]
  const columns = [...new Set([...Object.keys(known), ...Object.keys(added)])].map((name) => [name, known[name], added[name]] as const)
  for (const [column, before, now] of [['split', entry.split, split] as const, ...columns]) {
    if (before === now) continue
    throw new UserError({
      where: row.where,
      expected: `${column} "${before ?? ''}" for ${key}, as in ${entry.where.replace(`${file}:`, 'line ')}`,
      got: `"${now ?? ''}"`,
      hint: `Give all rows of an image the same ${column}.`,
    })
  }
  addCaptions(entry.sample, row)
}

/** What a row says, its image apart. */
export function sampleOf(id: string, row: TextRow): TextSample {
  const sample: TextSample = { id, captions: {} }
  if (row.classId !== undefined) sample.classId = row.classId
  if (row.group !== undefined) sample.group = row.group
  const columns = columnsOf(row)
  if (Object.keys(columns).length > 0) sample.columns = columns
  addCaptions(sample, row)
  return sample
}

function columnsOf({ classId, group, columns }: TextRow): Record<string, string> {
  return { ...(classId !== undefined && { class: classId }), ...(group !== undefined && { group }), ...columns }
}

function addCaptions(sample: TextSample, row: TextRow): void {
  for (const [language, caption] of row.captions) {
    sample.captions[language] ??= []
    // A caption that an image has twice, as two people wrote it, is two queries: published counts hold both. In a row of several languages it may fill a cell.
    const fills = row.isWide && row.captions.length > 1 && sample.captions[language].includes(caption)
    if (!fills) sample.captions[language].push(caption)
  }
}

/** Blanks around a caption and the way its accents are composed are no part of it: texts that differ in nothing else are one text. */
export function captionOf(written: string): string {
  return written.trim().normalize('NFC')
}

/**
 * A row without the captions that are empty: an image need not have captions in every language.
 * @throws UserError where that leaves none
 */
export function withCaptions<T extends TextRow>(row: T): T {
  const captions = row.captions.filter(([, caption]) => caption !== '')
  if (captions.length > 0 || row.captions.length === 0) return { ...row, captions }
  const languages = [...new Set(row.captions.map(([language]) => language))]
  const hint = 'Write a caption, or leave this row out.'
  throw new UserError({ where: row.where, expected: `a caption in ${languages.join(' or ')}`, got: 'an empty one', hint })
}

/** @throws UserError for a split that there is not */
export function splitOf(where: string, written: string): Split {
  const name = written.toLowerCase()
  if (Object.hasOwn(splitNames, name)) return splitNames[name]!
  throw new UserError({
    where,
    expected: 'a split train, val or test',
    got: written === '' ? 'nothing' : `"${written}"`,
    hint: 'Name one of the three, or leave the split column out to have images divided 80/10/10.',
  })
}

function hashSplit(key: string): Split {
  const fraction = createHash('sha1').update(key).digest().readUInt32BE(0) / 2 ** 32
  return fraction < 0.8 ? 'train' : fraction < 0.9 ? 'val' : 'test'
}

/** Sees that all images are there, and gives each its fingerprint: another file under the same name is another image. */
async function checkImages(all: Map<string, Entry>, imagesDir: string, onBadRow?: OnBadRow): Promise<void> {
  const limit = pLimit(32)
  const entries = [...all.values()]
  const found = await limit.map(entries, async ({ path, sample }) => {
    if (path === undefined) return true
    const stats = await stat(path).catch(() => undefined)
    if (stats) Object.assign(sample.image, { fingerprint: `${stats.size}`, modified: stats.mtimeMs })
    return stats?.isFile()
  })
  const missing = entries.filter((_, i) => !found[i])
  if (missing.length === 0) return
  if (onBadRow) {
    for (const { where, written, sample } of missing) {
      onBadRow(await missingImage(where, written, imagesDir, 0))
      all.delete(sample.id)
    }
    return
  }
  const { where, written } = missing[0]!
  throw await missingImage(where, written, imagesDir, missing.length - 1)
}

async function readImage(path: string): Promise<Uint8Array> {
  try {
    return await readRegularFile(path)
  } catch (cause) {
    const got = cause instanceof Error ? cause.message : String(cause)
    throw new UserError({ where: path, expected: 'a readable image', got, hint: 'It was there when the run began: put it back.' })
  }
}
