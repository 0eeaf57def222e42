import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { extname } from 'node:path'
import { CsvError, parse } from 'csv-parse'
import { UserError } from '../base/errors.ts'
import { headerError, type Layout, layoutOf } from './csv-layout.ts'
import type { Corpus, TextCorpus } from './sample.ts'
import { type Row, tableCorpus } from './table.ts'
import { textTable } from './texts.ts'

/**
 * Opens a CSV or TSV file (by its extension) of images and captions. The header decides the layout:
 *
 * - wide: `image,en,zh[,split][,class][,group]`, one row an image, a column a language;
 * - long: `image,language,caption[,split][,class][,group]`, one row a caption.
 *
 * Columns with other names are kept with the sample. Several rows of one image are merged. Throws UserError with file and line for anything it cannot take as it stands.
 * @param options.imagesDir what image paths are relative to; default: the file's folder
 */
export async function csvCorpus(options: { file: string; imagesDir?: string }): Promise<Corpus> {
  await checkFile(options.file)
  return tableCorpus(options.file, rows(options.file, 'images') as AsyncGenerator<Row>, options.imagesDir)
}

/**
 * Opens a CSV or TSV file of parallel texts, `en,zh[,split][,class][,group]`: one row a meaning, a column a language. Returns undefined for
 * a file with images. Throws UserError as csvCorpus does.
 */
export async function csvTexts(file: string): Promise<TextCorpus | undefined> {
  await checkFile(file)
  for await (const { record } of records(file)) {
    if (record.some((name) => name.toLowerCase() === 'image')) return undefined
    break
  }
  return textTable(file, rows(file, 'texts'))
}

/** Throws UserError unless `file` is a file. */
export async function checkFile(file: string): Promise<void> {
  const found = await stat(file).catch(() => undefined)
  if (found?.isFile()) return
  const got = found ? 'a folder' : 'no such file'
  throw new UserError({ where: file, expected: 'a CSV, TSV or JSONL file', got, hint: 'Check the path.' })
}

async function* rows(file: string, parts: 'images' | 'texts'): AsyncGenerator<ReturnType<Layout['row']>> {
  let layout: Layout | undefined
  for await (const { record, line } of records(file)) {
    const where = `${file}:${line}`
    if (!layout) {
      layout = layoutOf(record, where, parts)
      continue
    }
    if (record.length !== layout.header.length) {
      throw new UserError({
        where,
        expected: `${layout.header.length} cells (${layout.header.join(', ')})`,
        got: `${record.length}`,
        hint: `Put text that contains ${delimiterOf(file) === ',' ? 'a comma' : 'a tab'} in double quotes, and leave no cell out.`,
      })
    }
    yield layout.row(record, line, where)
  }
  if (!layout) throw headerError(file, 'an empty file')
}

/** The cells of every line, header included. */
async function* records(file: string): AsyncGenerator<{ record: string[]; line: number }> {
  // The number of cells is checked by the caller, with a message of ours; hence "relax".
  const parser = parse({
    delimiter: delimiterOf(file),
    record_delimiter: ['\r\n', '\n', '\r'],
    bom: true,
    info: true,
    trim: true,
    skip_empty_lines: true,
    relax_column_count: true,
  })
  const input = createReadStream(file)
  input.on('error', (error) => parser.destroy(error))
  try {
    for await (const { record, info } of input.pipe(parser) as AsyncIterable<{ record: string[]; info: { lines: number } }>)
      yield { record, line: info.lines }
  } catch (error) {
    throw error instanceof CsvError ? quoting(error, file) : error
  } finally {
    input.destroy()
  }
}

function delimiterOf(file: string): string {
  return extname(file).toLowerCase() === '.tsv' ? '\t' : ','
}

function quoting(error: CsvError, file: string): UserError {
  const line = typeof error.lines === 'number' ? error.lines : '?'
  return new UserError({
    where: `${file}:${line}`,
    expected: 'cells that are quoted whole or not at all ("a ""small"" dog")',
    got: error.message,
    hint: 'Double every quotation mark inside a quoted cell and close the cell with one.',
  })
}
