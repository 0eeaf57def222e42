import type { Language } from '../sample.ts'
import { concepts } from './concepts.ts'
import { separators, templates } from './templates.ts'
import { wordsIn } from './text.ts'

/** All that is said about one concept in one language. */
export interface Captions {
  /** The CLDR short name; unique within a language. Undefined where CLDR has none yet. */
  name?: string
  /** The name in a few sentences. */
  sentences: string[]
  /** Two keywords each; pairs that no other concept has come first. */
  keywords: string[]
  /** The keywords by themselves; for train concepts without names of held-out ones. */
  words: string[]
}

const pairsPerConcept = 3
const cache = new Map<Language, Map<string, Captions>>()

/** The captions of a concept: the name first, then sentences, then keyword pairs. Throws UserError for an unknown language. */
export function captionsOf(code: string, language: Language): string[] {
  const { name, sentences, keywords } = captionParts(code, language)
  return [...(name === undefined ? [] : [name]), ...sentences, ...keywords]
}

/** The same, apart from each other. */
export function captionParts(code: string, language: Language): Captions {
  let ofLanguage = cache.get(language)
  if (!ofLanguage) {
    ofLanguage = build(language)
    cache.set(language, ofLanguage)
  }
  return ofLanguage.get(code) ?? { sentences: [], keywords: [], words: [] }
}

function build(language: Language): Map<string, Captions> {
  const words = wordsIn(language)
  const heldOut = heldOutNames(words)
  // keyword → the concepts that carry it, all of them: a pair is only as good as it tells concepts apart.
  const carriers = new Map<string, Set<string>>()
  for (const [code, entry] of Object.entries(words)) {
    for (const keyword of keywordsOf(entry)) {
      const set = carriers.get(keyword)
      if (set) set.add(code)
      else carriers.set(keyword, new Set([code]))
    }
  }
  const captions = new Map<string, Captions>()
  for (const [code, entry] of Object.entries(words)) {
    const [name] = entry
    const keywords = keywordsOf(entry)
    const sentences = (templates[language] ?? []).map((template) => template.replace('{}', name!))
    // A keyword may be the very name of a concept that is held out; training must not read that name.
    const usable = concepts().get(code)?.split === 'train' ? keywords.filter((keyword) => !heldOut.has(fold(keyword))) : keywords
    captions.set(code, { name, sentences, keywords: pairs(usable, carriers, separators[language] ?? ', '), words: usable })
  }
  return captions
}

/** The keywords without the name; CLDR has a few entries that are lists in themselves (`学校、鞄`). */
function keywordsOf([name, ...keywords]: string[]): string[] {
  const single = keywords.flatMap((keyword) => keyword.split(/[、，،]\s*|,(?:\s+|$)/)).filter((keyword) => keyword !== '' && keyword !== name)
  return [...new Set(single)]
}

/** Names of the concepts that are not for training, folded. */
function heldOutNames(words: Record<string, string[]>): Set<string> {
  const names = new Set<string>()
  for (const { code, split } of concepts().values()) {
    if (split !== undefined && split !== 'train' && words[code]) names.add(fold(words[code][0]!))
  }
  return names
}

/**
 * Picks keyword pairs for one concept: the pairs fewest other concepts have, each keyword once if possible,
 * and of equal ones the first in CLDR's order. A concept with one keyword gets that.
 */
function pairs(keywords: string[], carriers: Map<string, Set<string>>, separator: string): string[] {
  if (keywords.length < 2) return [...keywords]
  const candidates: { first: string; second: string; shared: number }[] = []
  for (const [i, first] of keywords.entries()) {
    for (const second of keywords.slice(i + 1)) {
      candidates.push({ first, second, shared: overlap(carriers.get(first)!, carriers.get(second)!) })
    }
  }
  candidates.sort((a, b) => a.shared - b.shared) // stable: CLDR's order among equals
  const uses = new Map<string, number>()
  const picked: string[] = []
  while (picked.length < Math.min(pairsPerConcept, candidates.length)) {
    const cost = ({ first, second, shared }: (typeof candidates)[number]) =>
      Math.min(shared - 1, 2) * 10 + (uses.get(first) ?? 0) + (uses.get(second) ?? 0)
    let best = -1
    for (const [i, candidate] of candidates.entries()) if (best < 0 || cost(candidate) < cost(candidates[best]!)) best = i
    const [{ first, second }] = candidates.splice(best, 1) as [(typeof candidates)[number]]
    for (const keyword of [first, second]) uses.set(keyword, (uses.get(keyword) ?? 0) + 1)
    picked.push(`${first}${separator}${second}`)
  }
  return picked
}

function overlap(a: Set<string>, b: Set<string>): number {
  const [small, large] = a.size < b.size ? [a, b] : [b, a]
  let count = 0
  for (const code of small) if (large.has(code)) count++
  return count
}

/** Texts that differ only in case, spaces or the encoding of characters become one. */
function fold(text: string): string {
  return text.normalize('NFKC').toLowerCase().replace(/\s+/g, ' ').trim()
}
