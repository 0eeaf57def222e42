import { UserError } from '../base/errors.ts'
import { captionLanguageOf, looksLikeLanguage } from './caption-column.ts'
import { isOwnColumn, plainColumns } from './columns.ts'
import { languageOf } from './language.ts'
import type { Language } from './sample.ts'
import { captionOf, type TextRow } from './table.ts'

/** What stands between the cells of files that are no CSV: its name, and what to do. */
const separators = [
  [';', 'semicolons', 'Separate cells by commas, as "CSV (comma delimited)" does.'],
  ['\t', 'tabs', 'Name the file .tsv.'],
  ['，', 'full-width commas', 'Separate cells by plain commas.'],
  ['|', 'vertical bars', 'Separate cells by commas.'],
  [',', 'commas', 'Name the file .csv.'],
] as const

/** How the rows of a table are read, as its header says. */
export interface Layout {
  header: string[]
  /** `image` is there where the table has that column. */
  row(cells: string[], line: number, where: string): TextRow & { line: number; image?: string }
}

/**
 * Reads a header.
 * @param parts 'images' for rows with an image each, 'texts' for parallel texts, which have none
 * @throws UserError for a header that is neither wide nor long, for a column given twice and for one that is probably misspelt
 */
export function layoutOf(header: string[], where: string, parts: 'images' | 'texts', captionLanguage?: Language): Layout {
  const columns = new Map<string, number>()
  const names = plainNames(header)
  for (const [i, written] of header.entries()) {
    const name = names[i]!
    if (columns.has(name)) throw headerError(where, `column "${written}" twice`)
    columns.set(name, i)
  }
  const unnamed = columns.has('caption') && !columns.has('language')
  if (unnamed && captionLanguage === undefined && columns.has('image')) throw unnamedLanguage(where, header[columns.get('caption')!]!)
  const isLong = columns.has('language') || unnamed
  const needed = isLong ? ['image', ...(unnamed ? [] : ['language']), 'caption'] : parts === 'images' ? ['image'] : []
  const [only = '', ...more] = header
  const separator = more.length === 0 ? separators.find(([character]) => only.includes(character)) : undefined
  if (separator) throw headerError(where, `${separator[1]} between columns: "${only}"`, separator[2])
  for (const name of needed) if (!columns.has(name)) throw headerError(where, `"${header.join(',')}" without "${name}"`)
  const nameless = header.indexOf('')
  if (nameless >= 0) throw headerError(where, `no name for column ${nameless + 1}`, 'Name it, or leave it out (pandas: to_csv(index=False)).')
  const unknown = [...columns].filter(([name]) => !plainColumns.includes(name))
  const worded = isLong ? [] : unknown.flatMap(([name, i]) => ({ language: captionLanguageOf(name) ?? '', i })).filter(({ language }) => language)
  const rest = unknown.filter(([, i]) => !worded.some((column) => column.i === i))
  const own = rest.filter(([name]) => isOwnColumn(name, where))
  const others = rest.filter((column) => !own.includes(column))
  if (isLong && others.length > 0) throw headerError(where, `a long table with the extra column "${others[0]![0]}"`)
  if (!isLong && others.length + worded.length === 0) throw headerError(where, `"${header.join(',')}" without a language column`)
  const bare = others.map(([name, i]) => ({ language: languageOf(name, where), i }))
  const twice = bare.find(({ language }, i) => bare.findIndex((other) => other.language === language) !== i)
  if (twice) throw headerError(where, `two columns for the language ${twice.language}`)
  const languages = [...bare, ...worded]
  return {
    header,
    row: (cells, line, where) => {
      const cell = (name: string) => (columns.has(name) ? cells[columns.get(name)!] : undefined)
      const captions: TextRow['captions'] = isLong
        ? [[unnamed ? captionLanguage! : languageOf(cell('language')!, where), captionOf(cell('caption')!)]]
        : languages.map(({ language, i }) => [language, captionOf(cells[i]!)])
      const image = cell('image')
      if (image === '') {
        throw new UserError({ where, expected: 'an image path', got: 'an empty cell', hint: 'Name the image, or delete the row.' })
      }
      const kept = Object.fromEntries(own.flatMap(([name, i]) => (cells[i] ? [[name, cells[i]]] : [])))
      const labels = { split: cell('split'), classId: cell('class') || undefined, group: cell('group') || undefined, columns: kept }
      return { line, where, captions, isWide: !isLong, ...labels, ...(image !== undefined && { image }) }
    },
  }
}

/** What open_clip and Hugging Face's datasets call the columns. */
const imageNames = ['image', 'filepath', 'file_name', 'filename', 'image_path']
const captionNames = ['caption', 'title', 'text']

export function isImageColumn(name: string): boolean {
  return imageNames.includes(name.toLowerCase())
}

/** The names of columns as they are known here: `filepath` is the image where no other column is. */
function plainNames(header: string[]): string[] {
  const lower = header.map((written) => written.toLowerCase())
  const image = imageNames.find((name) => lower.includes(name))
  const hasLanguages = header.some((name, i) => !plainColumns.includes(lower[i]!) && lower[i] !== image && looksLikeLanguage(name))
  const caption = hasLanguages || lower.includes('language') ? 'caption' : captionNames.find((name) => lower.includes(name))
  const meant = (name: string) => (name === image ? 'image' : name === caption && image !== undefined ? 'caption' : undefined)
  return header.map((written, i) => meant(lower[i]!) ?? (plainColumns.includes(lower[i]!) ? lower[i]! : written))
}

/** A table whose captions are of a language that nothing names. */
function unnamedLanguage(where: string, column: string): UserError {
  return new UserError({
    where,
    expected: `the language of the captions in "${column}"`,
    got: 'none named',
    hint: 'Name it with --caption-language en, or call the column by its code.',
  })
}

export function headerError(where: string, got: string, remedy = 'Write one of these two headers in the first line.'): UserError {
  return new UserError({
    where,
    expected: 'a header "image,en,zh" (a column a language) or "image,language,caption", each with optional split, class, group',
    got,
    hint: `${remedy} Texts without images ("en,zh") are for stage1 alone.`,
  })
}
