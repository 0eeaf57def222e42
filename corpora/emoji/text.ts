import { readFileSync } from 'node:fs'
import { UserError } from '../../base/errors.ts'
import type { Language } from '../sample.ts'

/** What corpora/emoji/text.json holds; extract-text.ts builds it. */
export interface EmojiText {
  /** npm package → version the texts were taken from. */
  sources: Record<string, string>
  /** concept code → [group key, subgroup key]. */
  concepts: Record<string, [string, string]>
  /** language → group key → the group's name in that language (emojibase has them in 28 languages, 12 of the corpus' 13 among them). */
  groups: Record<Language, Record<string, string>>
  subgroups: Record<Language, Record<string, string>>
  /** language → concept code → [CLDR short name, ...keywords]. */
  words: Record<Language, Record<string, string[]>>
}

let loaded: EmojiText | undefined

/** The texts of all concepts; read once. */
export function emojiText(): EmojiText {
  loaded ??= JSON.parse(readFileSync(new URL('./text.json', import.meta.url), 'utf8')) as EmojiText
  return loaded
}

/** The languages the emoji corpus has names in: en, zh, ja, ko, de, fr, es, ru, ar, hi, vi, th, pt. */
export function emojiLanguages(): Language[] {
  return Object.keys(emojiText().words)
}

/** concept code → [short name, ...keywords] in `language`. Throws UserError for a language without names. */
export function wordsIn(language: Language): Record<string, string[]> {
  const words = emojiText().words[language]
  if (!words) {
    throw new UserError({
      where: 'emoji corpus',
      expected: `one of the languages ${emojiLanguages().join(', ')}`,
      got: language,
      hint: 'Choose among these; more can be added in corpora/emoji/extract-text.ts.',
    })
  }
  return words
}
