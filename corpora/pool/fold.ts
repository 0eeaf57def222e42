import type { Language } from '../sample.ts'

/** Articles by language; Arabic's is written together with its noun. */
const articles: Record<Language, ReadonlySet<string>> = {
  en: new Set(['a', 'an', 'the']),
  de: new Set(['der', 'die', 'das', 'den', 'dem', 'des', 'ein', 'eine', 'einen', 'einem', 'einer', 'eines']),
  fr: new Set(['le', 'la', 'les', 'l', 'un', 'une', 'des', 'du']),
  es: new Set(['el', 'la', 'los', 'las', 'un', 'una', 'unos', 'unas']),
  pt: new Set(['o', 'a', 'os', 'as', 'um', 'uma', 'uns', 'umas']),
}

/**
 * Returns `text` after NFKC, in lower case, its words apart by single spaces, without punctuation and articles:
 * "The Snow-Capped Mountain" and "snow capped mountain" are one. A text of articles alone is "".
 */
export function fold(text: string, language: Language): string {
  const words = text
    .normalize('NFKC')
    .toLowerCase()
    .split(/[^\p{L}\p{M}\p{N}]+/u)
  const own = articles[language.split('-')[0]!]
  const kept = words.map((word) => (language === 'ar' ? word.replace(/^ال(?=..)/u, '') : word)).filter((word) => word !== '' && !own?.has(word))
  return kept.join(' ')
}

/** Whether `text` is of a script that puts no spaces between words, or that ties particles to them (Korean). */
export function isUnspaced(text: string): boolean {
  return /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}]/u.test(text)
}
