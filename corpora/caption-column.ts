import { canonical, isKnown } from './language.ts'
import { captionWord, isSpoken, nameOf } from './language-names.ts'
import type { Language } from './sample.ts'

const shape = '[a-z]{2,3}(?:[-_][a-z]{4})?(?:[-_][a-z]{2})?'
const afterWord = new RegExp(`^${captionWord}[-_. ](${shape})$`, 'i')
const beforeWord = new RegExp(`^(${shape})[-_. ]${captionWord}$`, 'i')
const beforeNumber = new RegExp(`^(?:(${shape})[-_. ]\\d+|([a-z]{2})\\d)$`, 'i')
/** Codes that are words of English: `is_text` says yes or no, `no1` counts. */
const words = ['am', 'an', 'as', 'be', 'he', 'hi', 'id', 'in', 'is', 'it', 'my', 'no', 'or', 'so', 'to']

/**
 * The language that a column without its bare code holds captions in: `caption_zh`, `zh_text`, `zh.1` (pandas), `zh2`, `en-US 2`; undefined for every
 * other name. Words of English that are codes, too (`is_text`, `no2`), and `text_id`, a number everywhere, tell nothing.
 */
export function captionLanguageOf(column: string): Language | undefined {
  const code = codeIn(column)
  return code === undefined || isDoubtful(column, code) ? undefined : languageIn(code)
}

/**
 * Whether a column is meant as a language, though it is no code to read: badly spelt, a language's name in English or in itself, a word that may be
 * a code, with captions. Any other name is the manifest's own.
 */
export function looksLikeLanguage(name: string): boolean {
  const dashed = canonical(name.replaceAll('_', '-'))
  if (/^[a-z]{0,3}$/i.test(name) || (dashed !== undefined && isKnown(dashed)) || nameOf(name) !== undefined) return true
  const code = codeIn(name)
  return code !== undefined && code !== 'id' && languageIn(code) !== undefined
}

/** The part of a column's name beside a word for captions or a number, in lower case. */
function codeIn(column: string): string | undefined {
  const [, after] = afterWord.exec(column) ?? []
  const [, before] = beforeWord.exec(column) ?? []
  const [, numbered, short] = beforeNumber.exec(column) ?? []
  return (after ?? before ?? numbered ?? short)?.toLowerCase()
}

function isDoubtful(column: string, code: string): boolean {
  return code === 'id' || (words.includes(code) && !afterWord.test(column))
}

function languageIn(code: string): Language | undefined {
  const language = canonical(code.replaceAll('_', '-'))
  return language && isKnown(language) && isSpoken(language) ? language : undefined
}
