import { readFile } from 'node:fs/promises'
import { UserError } from '../base/errors.ts'
import { looksLikeLanguage } from './caption-column.ts'
import { languageOf } from './language.ts'
import type { Language } from './sample.ts'

/** A class of a classifier, with what it is called. */
export interface Prototype {
  /** Row of the classifier's last layer, from 0. */
  index: number
  /** Names by language; none where a class has none. */
  names: Record<Language, string[]>
}

/**
 * Reads class names: a TSV with a column `index` and one a language, whose cells hold names apart by `|`. Other columns are passed over. Returns the rows in the file's
 * order.
 * @throws UserError with file and line for a file that is missing, without these columns, and for an index that is no row's number or comes twice
 */
export async function readPrototypes(file: string): Promise<Prototype[]> {
  const refuse = (where: string, expected: string, got: string): never => {
    throw new UserError({
      where,
      expected,
      got,
      hint: 'A header such as index<tab>en<tab>zh, then a line for each class: 0<tab>tench|Tinca tinca<tab>丁鱥.',
    })
  }
  const text = await readFile(file, 'utf8').catch(() => refuse(file, 'a TSV of class names', 'no such file'))
  const [header = '', ...lines] = text.trimEnd().split(/\r?\n/)
  const columns = header.split('\t')
  const at = columns.indexOf('index')
  const languages = columns.flatMap((name, i) => (looksLikeLanguage(name) ? [{ language: languageOf(name, file), i }] : []))
  if (at < 0 || languages.length === 0) refuse(`${file}, line 1`, 'a column index and one for each language', header)
  const known = new Set<number>()
  return lines.map((line, number) => {
    const cells = line.split('\t')
    const index = /^\d+$/.test(cells[at] ?? '') ? Number(cells[at]) : -1
    if (index < 0 || known.has(index))
      refuse(`${file}, line ${number + 2}`, 'the number of a row of the classifier, each once', cells[at] || 'nothing')
    known.add(index)
    const named = languages.map(({ language, i }) => [language, (cells[i] ?? '').split('|').filter(Boolean)] as const)
    return { index, names: Object.fromEntries(named.filter(([, names]) => names.length > 0)) }
  })
}
