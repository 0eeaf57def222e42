import { stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { CsvError, parse } from 'csv-parse'
import { UserError } from '../base/errors.ts'
import { unlessBad } from './bad-row.ts'
import { headerError, isImageColumn, type Layout, layoutOf } from './csv-layout.ts'
import type { Corpus, Reading, TextCorpus } from './sample.ts'
import { type Row, tableCorpus } from './table.ts'
import { textTable } from './texts.ts'
import { formatOf, utf8Text } from './utf8.ts'

type TableOptions = Reading & { file: string }

/**
 * Opens a CSV or TSV file (by its extension) of images and captions. The header decides the layout:
 *
 * - wide: `image,en,zh[,split][,class][,group]`, one row an image, a column a language;
 * - long: `image,language,caption[,split][,class][,group]`, one row a caption.
 *
 * Columns with other names are kept with the sample. Several rows of one image are merged. Throws UserError with file and line for anything it cannot take as it stands.
 * @param options.imagesDir what image paths are relative to; default: the file's folder
 */
export async function csvCorpus(options: TableOptions): Promise<Corpus> {
  return tableCorpus(options.file, csvRows(options), options.imagesDir)
}

/**
 * Opens a CSV or TSV file of parallel texts, `en,zh[,split][,class][,group]`: one row a meaning, a column a language. Returns undefined for
 * a file with images. Throws UserError as csvCorpus does.
 */
export async function csvTexts(options: TableOptions): Promise<TextCorpus | undefined> {
  const { file } = options
  await checkFile(file)
  for await (const { record } of records(options)) {
    if (record.some(isImageColumn)) return undefined
    break
  }
  return textTable(file, rows(options, 'texts'), options.onBadRow)
}

/** Throws UserError unless `file` is a file. */
export async function checkFile(file: string): Promise<void> {
  const found = await stat(file).catch(() => undefined)
  if (found?.isFile()) return
  const got = found ? 'a folder' : 'no such file'
  throw new UserError({ where: file, expected: 'a CSV, TSV or JSONL file', got, hint: 'Check the path.' })
}

/** The rows of a table of images, as csvCorpus reads them. */
export async function* csvRows(options: TableOptions): AsyncGenerator<Row> {
  await checkFile(options.file)
  yield* rows(options, 'images') as AsyncGenerator<Row>
}

async function* rows(options: TableOptions, parts: 'images' | 'texts'): AsyncGenerator<ReturnType<Layout['row']>> {
  const { file } = options
  let layout: Layout | undefined
  for await (const { record, line, raw } of records(options)) {
    const where = `${file}:${line}`
    const lines = raw.trim().split(/[\n\r]/)
    if (!layout) {
      if (lines.length > 1) throw swallowed(where, lines.length, file)
      layout = layoutOf(record, where, parts, options.captionLanguage)
      continue
    }
    const { header, row } = layout
    const isShape = (text: string) => text.split(delimiterOf(file)).length === header.length
    if (lines.length > 1 && lines.every(isShape)) throw swallowed(where, lines.length, file)
    const read = unlessBad(() => {
      if (record.length === header.length) return row(record, line, where)
      const hint = `Put text that contains ${delimiterOf(file) === ',' ? 'a comma' : 'a tab'} in double quotes, and leave no cell out.`
      throw new UserError({ where, expected: `${header.length} cells (${header.join(', ')})`, got: `${record.length}`, hint })
    }, options.onBadRow)
    if (read) yield read
  }
  if (!layout) throw headerError(file, 'an empty file')
}

/** The cells of every line, header included, with the line that a record begins in and how it is written. */
async function* records({ file, quoting = true }: TableOptions): AsyncGenerator<{ record: string[]; line: number; raw: string }> {
  // The number of cells is checked by the caller, with a message of ours; hence "relax".
  const parser = parse({
    delimiter: delimiterOf(file),
    record_delimiter: ['\n', '\r'],
    quote: quoting ? '"' : false,
    info: true,
    raw: true,
    trim: true,
    skip_empty_lines: true,
    relax_column_count: true,
  })
  const input = Readable.from(withPlainEnds(file))
  input.on('error', (error) => parser.destroy(error))
  try {
    for await (const { record, info, raw } of input.pipe(parser) as AsyncIterable<{ record: string[]; info: { lines: number }; raw: string }>)
      yield { record, line: firstLine(info.lines, raw), raw }
  } catch (error) {
    throw error instanceof CsvError ? quotingError(error, file) : error
  } finally {
    input.destroy()
  }
}

/** csv-parse counts the two characters of a line end within quotes as two lines. */
async function* withPlainEnds(file: string): AsyncGenerator<string> {
  for await (const text of utf8Text(file)) yield text.replaceAll('\r\n', '\n')
}

/** The line that a record begins in, of the one that it ends in. */
function firstLine(last: number, raw: string): number {
  return last - (raw.trim().match(/[\n\r]/g)?.length ?? 0)
}

function delimiterOf(file: string): string {
  return formatOf(file) === '.tsv' ? '\t' : ','
}

/** A caption that begins with a quotation mark and one that ends with it, rows later, are one cell for every reader of CSV. */
function swallowed(where: string, lines: number, file: string): UserError {
  return new UserError({
    where,
    expected: 'a quoted cell that ends before the next row',
    got: `one that runs over ${lines} lines, each with the cells of a row`,
    hint: `Double every quotation mark that belongs to a caption and quote its cell ("""Stop"), ${plainHint(file)}`,
  })
}

function quotingError(error: CsvError, file: string): UserError {
  return new UserError({
    where: `${file}:${firstLine(Number(error.lines), String(error.raw ?? ''))}`,
    expected: 'cells that are quoted whole or not at all ("a ""small"" dog")',
    got: error.message,
    hint: `Double every quotation mark inside a quoted cell and close the cell with one, ${plainHint(file)}`,
  })
}

function plainHint(file: string): string {
  return delimiterOf(file) === '\t' ? 'or take them all as they stand with --no-quoting.' : 'and take line breaks out of captions.'
}
