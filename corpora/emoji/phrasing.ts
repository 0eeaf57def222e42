import type { Language } from '../sample.ts'
import { captionsOf } from './captions.ts'
import { codeOf, codeOfEmoji } from './code.ts'
import { concepts } from './concepts.ts'
import { packageFile, packageJson } from './packages.ts'
import { wordsIn } from './text.ts'

/** Words for concepts that come from elsewhere than CLDR, so that no training has read them. */
export interface PhraseSource {
  language: Language
  /** [concept code, phrase] pairs, unfiltered. Throws UserError when the package is not installed. */
  read(): Promise<[string, string][]>
}

export const phraseSources: Record<string, PhraseSource> = {
  emojilib: { language: 'en', read: emojilib },
  'unicode-names': { language: 'en', read: unicodeNames },
  'zh-hant': { language: 'zh', read: traditionalNames },
}

/**
 * concept code → held-out phrases. Kept are phrases of letters that point at one concept only, and are neither a CLDR name or
 * keyword of any concept nor a caption trained on; upper case, spaces and punctuation do not make a phrase a new one.
 * @param source a key of `phraseSources`
 */
export async function heldOutPhrases(source: string): Promise<Map<string, string[]>> {
  const { language, read } = phraseSources[source]!
  const taken = trainedStrings(language)
  const owners = new Map<string, { phrase: string; codes: Set<string> }>()
  for (const [code, phrase] of await read()) {
    if (!concepts().has(code)) continue
    const owner = owners.get(squash(phrase))
    if (owner) owner.codes.add(code)
    else owners.set(squash(phrase), { phrase, codes: new Set([code]) })
  }
  const phrases = new Map<string, string[]>()
  for (const [key, { phrase, codes }] of owners) {
    if (codes.size !== 1 || taken.has(key) || !/\p{L}\p{L}/u.test(phrase)) continue
    const [code] = [...codes] as [string]
    phrases.set(code, [...(phrases.get(code) ?? []), phrase])
  }
  return phrases
}

function trainedStrings(language: Language): Set<string> {
  const strings = new Set<string>()
  for (const [code, words] of Object.entries(wordsIn(language))) {
    for (const text of [...words, ...captionsOf(code, language)]) strings.add(squash(text))
  }
  return strings
}

/** Letters, marks and digits only: "Snow-capped mountain" and "snow capped mountain" are one phrase. */
function squash(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, '')
}

async function emojilib(): Promise<[string, string][]> {
  const keywords = packageJson<Record<string, string[]>>('emojilib', 'dist/emoji-en-US.json')
  return Object.entries(keywords).flatMap(([emoji, words]) => words.map((word): [string, string] => [codeOfEmoji(emoji), word.replaceAll('_', ' ')]))
}

// The character names of the Unicode standard; unicode-emoji-json's names are CLDR's and would be no new phrasing.
async function unicodeNames(): Promise<[string, string][]> {
  const names = packageJson<Record<string, string>>('emojibase-data', 'meta/unicode-names.json')
  return Object.entries(names).map(([code, name]) => [codeOf(code), name.toLowerCase()])
}

async function traditionalNames(): Promise<[string, string][]> {
  packageFile('opencc-js', 'package.json') // says what to install before the import fails
  const { Converter } = await import('opencc-js/t2cn')
  const simplified = Converter({ from: 'tw', to: 'cn' })
  type Table = Record<string, { tts?: string[] }>
  const plain = packageJson<{ annotations: { annotations: Table } }>('cldr-annotations-full', 'annotations/zh-Hant/annotations.json')
  const derived = packageJson<{ annotationsDerived: { annotations: Table } }>(
    'cldr-annotations-derived-full',
    'annotationsDerived/zh-Hant/annotations.json',
  )
  const table = { ...derived.annotationsDerived.annotations, ...plain.annotations.annotations }
  return Object.entries(table).flatMap(([emoji, { tts }]) => (tts?.[0] ? [[codeOfEmoji(emoji), simplified(tts[0])] as [string, string]] : []))
}
