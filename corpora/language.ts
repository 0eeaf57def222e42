import { UserError } from '../base/errors.ts'
import { nearest } from '../base/nearest.ts'
import { codesByName, englishNameOf, nameOf, spokenIn } from './language-names.ts'
import type { Language } from './sample.ts'

/** Codes as they were written, which every row of a long table has. */
const known = new Map<string, Language>()
const scripts = new Intl.DisplayNames(['en'], { type: 'script', fallback: 'none' })

/** Countries whose codes are languages of other countries; these languages can be written with a region (`tw-GH`). */
const countries: Record<string, string> = {
  tw: 'Did you mean zh-TW (Chinese, Taiwan)? Twi is ak.',
  kr: 'Did you mean ko (Korean)? Kanuri is kr-NG.',
}

/**
 * Returns a language code in BCP 47's canonical form (`ZH-hant` → `zh-Hant`).
 * Throws UserError, naming the code that was probably meant, when it is malformed or names no language known to ICU.
 * @param where file and line, or flag, for the message
 */
export function languageOf(written: string, where: string): Language {
  const met = known.get(written)
  if (met) return met
  const code = canonical(written)
  if (code && isKnown(code) && !Object.hasOwn(countries, code)) {
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

/** In BCP 47's canonical form; undefined for what has not even the shape of a code. */
export function canonical(written: string): string | undefined {
  try {
    return Intl.getCanonicalLocales(written)[0]
  } catch {
    return undefined
  }
}

/** A language with a script and a region at most: `is-valid` has the shape of an Icelandic variant, and is a column of another kind. */
export function isKnown(code: string): boolean {
  const { language, script, region } = new Intl.Locale(code)
  const whole = [language, script, region].filter((part) => part !== undefined).join('-') === code
  return whole && englishNameOf(language) !== undefined && (script === undefined || scripts.of(script) !== undefined)
}

function suggestion(written: string): string {
  const parts = written.split(/[,，、;；\s]+/).filter((part) => part !== '')
  if (parts.length > 1 && parts.every((part) => canonical(part))) return `Separate languages by a plain comma: ${parts.join()}.`
  const lower = written.toLowerCase()
  if (Object.hasOwn(countries, lower)) return countries[lower]!
  const dashed = canonical(written.replaceAll('_', '-').split('.')[0]!)
  if (dashed && dashed !== written && isKnown(dashed)) return `Did you mean ${dashed}?`
  const [language] = dashed?.split('-') ?? []
  if (language && language !== lower && isKnown(language)) return `Did you mean ${language}?`
  const match = nameOf(written) ?? spokenIn(lower) ?? nearestCode(lower)
  return `Did you mean ${match} (${englishNameOf(match)})?`
}

/** People write "titel" as well as "zj": compare long words with names, short ones with codes. */
function nearestCode(lower: string): Language {
  const codes = codesByName()
  if (lower.length > 3) return codes.get(nearest(lower, [...codes.keys()]))!
  return nearest(
    lower,
    [...codes.values()].filter((code) => code !== lower),
  )
}
