import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { extname } from 'node:path'
import { CsvError, parse } from 'csv-parse'
import { UserError } from '../engine/errors.ts'
import { languageOf } from './language.ts'
import type { Corpus } from './sample.ts'
import { type Row, tableCorpus } from './table.ts'

/**
 * Opens a CSV or TSV file (by its extension) of images and captions. The header decides the layout:
 *
 * - wide: `image,en,zh[,split][,class][,group]`, one row an image, a column a language;
 * - long: `image,language,caption[,split][,class][,group]`, one row a caption.
 *
 * Several rows of one image are merged. Throws UserError with file and line for anything it cannot take as it stands.
 * @param options.imagesDir what image paths are relative to; default: the file's folder
 */
export async function csvCorpus(options: { file: string; imagesDir?: string }): Promise<Corpus> {
  await checkFile(options.file)
  return tableCorpus(options.file, rows(options.file), options.imagesDir)
}

/** Throws UserError unless `file` is a file. */
export async function checkFile(file: string): Promise<void> {
  const found = await stat(file).catch(() => undefined)
  if (found?.isFile()) return
  const got = found ? 'a folder' : 'no such file'
  throw new UserError({ where: file, expected: 'a CSV, TSV or JSONL file', got, hint: 'Check the path.' })
}

async function* rows(file: string): AsyncGenerator<Row> {
  const delimiter = extname(file).toLowerCase() === '.tsv' ? '\t' : ','
  // The number of cells is checked here, with a message of ours; hence "relax".
  const parser = parse({ delimiter, bom: true, info: true, trim: true, skip_empty_lines: true, relax_column_count: true })
  const input = createReadStream(file)
  input.on('error', (error) => parser.destroy(error))
  let layout: Layout | undefined
  try {
    for await (const { record, info } of input.pipe(parser) as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
      const where = `${file}:${info.lines}`
      if (!layout) {
        layout = layoutOf(record, where)
        continue
      }
      if (record.length !== layout.header.length) {
        throw new UserError({
          where,
          expected: `${layout.header.length} cells (${layout.header.join(', ')})`,
          got: `${record.length}`,
          hint: `Put text that contains ${delimiter === ',' ? 'a comma' : 'a tab'} in double quotes, and leave no cell out.`,
        })
      }
      yield layout.row(record, info.lines, where)
    }
  } catch (error) {
    throw error instanceof CsvError ? quoting(error, file) : error
  } finally {
    input.destroy()
  }
  if (!layout) throw headerError(file, 'an empty file')
}

interface Layout {
  header: string[]
  row(cells: string[], line: number, where: string): Row
}

const plainColumns = ['image', 'split', 'class', 'group', 'language', 'caption']

function layoutOf(header: string[], where: string): Layout {
  const columns = new Map<string, number>()
  for (const [i, written] of header.entries()) {
    const name = plainColumns.includes(written.toLowerCase()) ? written.toLowerCase() : written
    if (columns.has(name)) throw headerError(where, `column "${written}" twice`)
    columns.set(name, i)
  }
  const isLong = columns.has('language') || columns.has('caption')
  const needed = isLong ? ['image', 'language', 'caption'] : ['image']
  for (const name of needed) if (!columns.has(name)) throw headerError(where, `"${header.join(',')}" without "${name}"`)
  const others = [...columns].filter(([name]) => !plainColumns.includes(name))
  if (isLong && others.length > 0) throw headerError(where, `a long table with the extra column "${others[0]![0]}"`)
  if (!isLong && others.length === 0) throw headerError(where, `"${header.join(',')}" without a language column`)
  const languages = others.map(([name, i]) => ({ language: languageOf(name, where), i }))
  return {
    header,
    row: (cells, line, where) => {
      const cell = (name: string) => (columns.has(name) ? cells[columns.get(name)!] : undefined)
      const captions: Row['captions'] = isLong
        ? [[languageOf(cell('language')!, where), cell('caption')!]]
        : languages.map(({ language, i }) => [language, cells[i]!])
      const image = cell('image')!
      if (image === '') {
        throw new UserError({ where, expected: 'an image path', got: 'an empty cell', hint: 'Name the image, or delete the row.' })
      }
      return { line, image, captions, split: cell('split'), classId: cell('class') || undefined, group: cell('group') || undefined }
    },
  }
}

function headerError(where: string, got: string): UserError {
  return new UserError({
    where,
    expected: 'a header "image,en,zh" (a column a language) or "image,language,caption", each with optional split, class, group',
    got,
    hint: 'Write one of these two headers in the first line.',
  })
}

function quoting(error: CsvError, file: string): UserError {
  const line = typeof error['lines'] === 'number' ? error['lines'] : '?'
  return new UserError({
    where: `${file}:${line}`,
    expected: 'cells that are quoted whole or not at all ("a ""small"" dog")',
    got: error.message,
    hint: 'Double every quotation mark inside a quoted cell and close the cell with one.',
  })
}
