import type { Language } from './sample.ts'

const english = new Intl.DisplayNames(['en'], { type: 'language', fallback: 'none' })
const codes = new Map<string, string>()
const foreign = new Map<string, string>()
/** Words that tables put beside a language's code or name. */
export const captionWord = '(?:captions?|texts?|titles?|sentences?|descriptions?)'

/** `Chinese`; undefined for codes that ICU has no name for. */
export function englishNameOf(code: Language): string | undefined {
  return english.of(code)
}

/** The code of a language by its name in English, itself or Chinese, beside a word for captions or not: `Chinese`, `chinese_caption`, `中文`, `英文`. */
export function nameOf(column: string): Language | undefined {
  const bare = column.toLowerCase().replace(new RegExp(`^${captionWord}[-_. ]|[-_. ]${captionWord}$`, 'i'), '')
  const whole = codesByName().get(bare) ?? foreignNames().get(bare)
  if (whole !== undefined || isAscii(bare)) return whole
  return [...foreignNames()].find(([name]) => !isAscii(name) && bare.startsWith(name))?.[1]
}

/** The language of a country by its code: `cn` → zh, `jp` → ja. */
export function spokenIn(code: string): Language | undefined {
  if (!/^[a-z]{2}$/.test(code)) return undefined
  const { language, region } = new Intl.Locale(`und-${code}`).maximize()
  return language !== 'und' && region === code.toUpperCase() && english.of(language) ? language : undefined
}

/** Languages that the runtime knows more of than the name: `co2` is no Corsican. */
export function isSpoken(language: Language): boolean {
  return Intl.PluralRules.supportedLocalesOf([language]).length > 0 || Intl.Collator.supportedLocalesOf([language]).length > 0
}

/** English name in lower case → code, for every two-letter code ICU knows. */
export function codesByName(): Map<string, string> {
  const letters = [...'abcdefghijklmnopqrstuvwxyz']
  if (codes.size > 0) return codes
  for (const first of letters) {
    for (const second of letters) {
      const name = english.of(first + second)
      if (name) codes.set(name.toLowerCase(), first + second)
    }
  }
  return codes
}

/** Name in the language itself, or in Chinese with either word for language → code. */
function foreignNames(): Map<string, string> {
  if (foreign.size > 0) return foreign
  const chinese = new Intl.DisplayNames(['zh'], { type: 'language' })
  for (const code of codesByName().values()) {
    if (!isSpoken(code)) continue
    const own = new Intl.DisplayNames([code], { type: 'language', fallback: 'none' }).of(code)
    const inChinese = chinese.of(code)!
    for (const name of [own, inChinese, inChinese.replace(/语$/, '文')])
      if (name && !foreign.has(name.toLowerCase())) foreign.set(name.toLowerCase(), code)
  }
  return foreign
}

function isAscii(text: string): boolean {
  return Buffer.byteLength(text) === text.length
}
