import { UserError } from '../base/errors.ts'
import { nearest } from '../base/nearest.ts'
import type { Language } from './sample.ts'

/** Codes as they were written, which every row of a long table has. */
const known = new Map<string, Language>()
const names = new Intl.DisplayNames(['en'], { type: 'language', fallback: 'none' })
const scripts = new Intl.DisplayNames(['en'], { type: 'script', fallback: 'none' })

/**
 * Returns a language code in BCP 47's canonical form (`ZH-hant` → `zh-Hant`).
 * Throws UserError, naming the code that was probably meant, when it is malformed or names no language known to ICU.
 * @param where file and line, or flag, for the message
 */
export function languageOf(written: string, where: string): Language {
  const met = known.get(written)
  if (met) return met
  const code = canonical(written)
  if (code && isKnown(code)) {
    known.set(written, code)
    return code
  }
  throw new UserError({
    where,
    expected: 'a BCP 47 language code such as en, zh or pt-BR (language, script, region)',
    got: written === '' ? 'nothing' : `"${written}"`,
    hint: where.startsWith('--')
      ? suggestion(written)
      : `${suggestion(written)} Other columns need a name of four letters or more that is no language's.`,
  })
}

/**
 * Whether a column is meant as a language: a code, well or badly spelt, one with a word for captions, or a language's English name. Any other name is the
 * manifest's own.
 */
export function looksLikeLanguage(name: string): boolean {
  const dashed = canonical(name.replaceAll('_', '-'))
  const [, captioned] = /^([a-z]{2})[-_](?:captions?|texts?|titles?)$/i.exec(name) ?? [] // to be written as the language alone
  if (captioned && names.of(captioned.toLowerCase())) return true
  return /^[a-z]{0,3}$/i.test(name) || (dashed !== undefined && isKnown(dashed)) || twoLetterCodes().has(name.toLowerCase())
}

function canonical(written: string): string | undefined {
  try {
    return Intl.getCanonicalLocales(written)[0]
  } catch {
    return undefined // not even the shape of a code
  }
}

/** A language with a script and a region at most: `is-valid` has the shape of an Icelandic variant, and is a column of another kind. */
function isKnown(code: string): boolean {
  const { language, script, region } = new Intl.Locale(code)
  const whole = [language, script, region].filter((part) => part !== undefined).join('-') === code
  return whole && names.of(language) !== undefined && (script === undefined || scripts.of(script) !== undefined)
}

function suggestion(written: string): string {
  const dashed = canonical(written.replaceAll('_', '-').split('.')[0]!)
  if (dashed && isKnown(dashed)) return `Did you mean ${dashed}?`
  const [language] = dashed?.split('-') ?? []
  if (language && isKnown(language)) return `Did you mean ${language}?`
  const codes = twoLetterCodes()
  // People write "chinese" or "titel" as well as "zj": compare long words with names, short ones with codes.
  const match =
    written.length > 3 ? codes.get(nearest(written.toLowerCase(), [...codes.keys()])) : nearest(written.toLowerCase(), [...codes.values()])
  return `Did you mean ${match} (${names.of(match!)})?`
}

/** English name in lower case → code, for every two-letter code ICU knows. */
function twoLetterCodes(): Map<string, string> {
  const letters = [...'abcdefghijklmnopqrstuvwxyz']
  const codes = new Map<string, string>()
  for (const first of letters) {
    for (const second of letters) {
      const name = names.of(first + second)
      if (name) codes.set(name.toLowerCase(), first + second)
    }
  }
  return codes
}
