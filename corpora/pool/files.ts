import { readFile, stat } from 'node:fs/promises'
import { extname } from 'node:path'
import { UserError } from '../../base/errors.ts'
import { languageOf } from '../language.ts'
import { openTexts } from '../open-texts.ts'
import type { Language } from '../sample.ts'
import type { WordRow } from './row.ts'

/**
 * Returns the texts of a user's file: `NAME.LANGUAGE.txt` has one text a line; .csv, .tsv and .jsonl have a column (or key) a language, and what
 * stands in one row means the same. Throws UserError for a file that is missing, not UTF-8, empty, of another kind, or whose languages are unknown.
 */
export async function fileRows(file: string): Promise<WordRow[]> {
  const text = await readText(file)
  if (extname(file).toLowerCase() === '.txt') return lineRows(file, text)
  const corpus = await openTexts(file)
  if (!corpus) {
    const expected = 'a .txt, .csv, .tsv or .jsonl file of texts without images'
    throw new UserError({
      where: file,
      expected,
      got: 'something else',
      hint: 'Texts that belong to images go to --corpus; leave their column out here.',
    })
  }
  const rows: WordRow[] = []
  for (const split of corpus.splits) {
    for await (const { captions } of corpus.samples(split)) rows.push(...rowsOf(captions))
  }
  return rows
}

function lineRows(file: string, text: string): WordRow[] {
  const [, written = ''] = /\.([^./\\]+)\.txt$/i.exec(file) ?? []
  if (written === '') {
    throw new UserError({
      where: file,
      expected: 'the language in the name, as in words.en.txt',
      got: 'none',
      hint: 'Rename it to NAME.LANGUAGE.txt, or make it a .tsv with a column for each language.',
    })
  }
  const language = languageOf(written, `${file}, language in its name`)
  const lines = text.split(/\r\n|\n|\r/).map((line) => line.trim())
  return lines.filter((line) => line !== '').map((line) => ({ texts: { [language]: line } }))
}

/** One row for the first captions of all languages, one for the second … */
function rowsOf(captions: Record<Language, string[]>): WordRow[] {
  const longest = Math.max(0, ...Object.values(captions).map((list) => list.length))
  return Array.from({ length: longest }, (_, i) => ({
    texts: Object.fromEntries(Object.entries(captions).flatMap(([language, list]) => (list[i] === undefined ? [] : [[language, list[i]]]))),
  }))
}

async function readText(file: string): Promise<string> {
  const found = await stat(file).catch(() => undefined)
  const refuse = (got: string, hint: string) => new UserError({ where: file, expected: 'a file of texts in UTF-8', got, hint })
  if (!found?.isFile()) throw refuse(found ? 'a folder' : 'no such file', 'Check the path.')
  const bytes = await readFile(file)
  if (bytes.includes(0)) throw refuse('a binary file, or text in UTF-16', 'Save it as plain text in UTF-8.')
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw refuse('bytes that are not UTF-8', `Convert it, for example: iconv -f GB18030 -t UTF-8 ${file}`)
  }
  if (text.trim() === '') throw refuse('an empty file', 'Write one text a line.')
  return text
}
