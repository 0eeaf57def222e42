import { z } from 'zod'
import { UserError } from '../base/errors.ts'
import { type OnBadRow, unlessBad } from './bad-row.ts'
import { isOwnColumn } from './columns.ts'
import { checkFile } from './csv.ts'
import { languageOf } from './language.ts'
import type { Corpus, TextCorpus } from './sample.ts'
import { captionOf, type Row, type TextRow, tableCorpus } from './table.ts'
import { textTable } from './texts.ts'
import { utf8Lines } from './utf8.ts'

const common = { image: z.string().min(1).optional(), split: z.string().optional(), class: z.string().optional(), group: z.string().optional() }
/** null and [] say that there is no caption in a language, as exports of data frames and databases write it. */
const texts = z.union([z.string(), z.array(z.string()), z.null()], 'expected a caption, a list of captions, or null for none')
const none = z.undefined('not beside captions').optional()
const other = z.union([z.string(), z.number(), z.boolean(), z.null()], 'expected a string, a number, true, false or null')
const wide = z.object({ ...common, captions: z.record(z.string(), texts), language: none, caption: none }).catchall(other)
const long = z.object({ ...common, language: z.string(), caption: z.string() }).catchall(other)

type MixedRow = TextRow & { line: number; image?: string }

/** Either kind of line. */
interface Line {
  image?: string
  split?: string
  class?: string
  group?: string
  captions?: Record<string, string | string[] | null>
  language?: string
  caption?: string
}

/**
 * Opens a JSONL file of images and captions, one object a line: `{"image", "captions": {"en": "…" or ["…"] or null}}` or
 * `{"image", "language", "caption"}`, each with optional `split`, `class`, `group`. Otherwise as csvCorpus; other keys with simple
 * values are kept with the sample.
 */
export async function jsonlCorpus(options: { file: string; imagesDir?: string }): Promise<Corpus> {
  return tableCorpus(options.file, jsonlRows(options.file), options.imagesDir)
}

/**
 * Opens a JSONL file of parallel texts, `{"captions": {"en": "…", "zh": "…"}}`. Returns undefined for a file with images. Throws
 * UserError as jsonlCorpus does.
 */
export async function jsonlTexts(file: string, onBadRow?: OnBadRow): Promise<TextCorpus | undefined> {
  await checkFile(file)
  for await (const { image } of rows(file, onBadRow && (() => {}))) {
    if (image !== undefined) return undefined
    break
  }
  return textTable(file, withoutImages(file, onBadRow), onBadRow)
}

/** The rows of a file with images, as jsonlCorpus reads them. */
export async function* jsonlRows(file: string, onBadRow?: OnBadRow): AsyncGenerator<Row> {
  await checkFile(file)
  for await (const { image, ...row } of rows(file, onBadRow)) {
    const named = unlessBad(() => image ?? refuseWithout(row.where), onBadRow)
    if (named !== undefined) yield { ...row, image: named }
  }
}

async function* withoutImages(file: string, onBadRow?: OnBadRow): AsyncGenerator<TextRow & { line: number }> {
  for await (const { image, ...row } of rows(file, onBadRow)) {
    const alone = unlessBad(() => (image === undefined ? row : refuseWith(row.where)), onBadRow)
    if (alone) yield alone
  }
}

function refuseWith(where: string): never {
  throw lineError(where, 'an image, which the first line has not')
}

function refuseWithout(where: string): never {
  throw lineError(where, 'image: no such key')
}

async function* rows(file: string, onBadRow?: OnBadRow): AsyncGenerator<MixedRow> {
  const kept = new Map<string, boolean>() // by key: a check is slow
  const isKept = (key: string, where: string) => {
    if (!kept.has(key)) kept.set(key, isOwnColumn(key, where))
    return kept.get(key)!
  }
  for await (const { text, line } of utf8Lines(file)) {
    const row = text.trim() === '' ? undefined : unlessBad(() => rowOf(text, line, `${file}:${line}`, isKept), onBadRow)
    if (row) yield row
  }
}

function rowOf(text: string, line: number, where: string, isKept: (key: string, where: string) => boolean): MixedRow {
  const json = parse(text, where)
  const schema = typeof json === 'object' && json !== null && 'captions' in json ? wide : long
  const result = schema.safeParse(json)
  if (!result.success) {
    const [issue] = result.error.issues
    throw lineError(where, `${issue?.path.join('.') || 'an object'}: ${issue?.message}`)
  }
  const { image, split, class: classId, group, captions: all, language, caption, ...rest } = result.data as Line
  const written: [string, string][] = all
    ? Object.entries(all).flatMap(([language, texts]) => [texts ?? []].flat().map((text): [string, string] => [language, text]))
    : [[language!, caption!]]
  const foreign = Object.keys(rest).find((key) => !isKept(key, where))
  if (foreign !== undefined) throw lineError(where, `${foreign}: a language, where captions belong into "captions"`)
  const columns = Object.fromEntries(Object.entries(rest).flatMap(([key, value]) => (value === null || value === '' ? [] : [[key, String(value)]])))
  const captions = written.map(([language, caption]): [string, string] => [languageOf(language, where), captionOf(caption)])
  return { line, where, ...(image !== undefined && { image }), captions, split, classId: classId || undefined, group: group || undefined, columns }
}

function parse(text: string, where: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw lineError(where, cause instanceof Error ? cause.message : String(cause))
  }
}

function lineError(where: string, got: string): UserError {
  return new UserError({
    where,
    expected: 'an object {"image": "a.jpg", "captions": {"en": "…"}} or {"image", "language", "caption"}',
    got,
    hint: 'Write one such object a line; split, class and group are optional.',
  })
}
