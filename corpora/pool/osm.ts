import { packageJson } from '../emoji/packages.ts'
import type { Language } from '../sample.ts'
import type { WordRow } from './row.ts'

interface Preset {
  name?: string
  terms?: string[]
}

/** The pool's language → the package's. */
const translations: Record<Language, string> = {
  en: 'en',
  zh: 'zh-CN',
  ja: 'ja',
  ko: 'ko',
  de: 'de',
  fr: 'fr',
  es: 'es',
  ru: 'ru',
  ar: 'ar',
  vi: 'vi',
  th: 'th',
  pt: 'pt',
}

/**
 * Returns what mappers call things (@openstreetmap/id-tagging-schema): the presets' names side by side, and the words by which each is
 * searched (Vietnamese ones are mostly without their marks and are left out). English, Spanish, French and Portuguese names are put in lower case, as people type them.
 * Throws UserError when the package is not installed.
 */
export function osmRows(): { names: WordRow[]; terms: [Language, string][] } {
  const names = new Map<string, Record<Language, string>>()
  const terms = new Map<string, [Language, string]>()
  for (const [language, code] of Object.entries(translations)) {
    const table = packageJson<Record<string, { presets: { presets: Record<string, Preset> } }>>(
      '@openstreetmap/id-tagging-schema',
      `dist/translations/${code}.min.json`,
    )
    for (const [key, { name, terms: words = [] }] of Object.entries(table[code]!.presets.presets)) {
      if (name && isPlain(name)) names.set(key, { ...names.get(key), [language]: typed(name, language) })
      for (const word of typeof words === 'string' ? [] : words) {
        if (language !== 'vi' && isPlain(word)) terms.set(`${language} ${typed(word, language)}`, [language, typed(word, language)])
      }
    }
  }
  return { names: [...names.values()].map((texts) => ({ texts })), terms: [...terms.values()] }
}

/** No reference to another preset, no list or remark in brackets, no code. */
function isPlain(text: string): boolean {
  return text.length <= 40 && !/[{}()[\]/（）=_<>,;、\t]/.test(text) && /\p{L}/u.test(text)
}

function typed(text: string, language: Language): string {
  const lower = ['en', 'es', 'fr', 'pt'].includes(language) && !/^\p{Lu}[\p{Lu}\d]/u.test(text)
  return (lower ? text.toLowerCase() : text).trim()
}
