import type { Language } from '../sample.ts'
import { fold, isUnspaced } from './fold.ts'

export type Dropped = 'name' | 'keyword' | 'contains a name' | 'free query' | 'unseen phrasing' | 'empty'

/** What no training may read, each with its language. */
export interface HeldOut {
  /** Names of the validation, test and reserve concepts. */
  names: [Language, string][]
  /** Their keywords. */
  keywords: [Language, string][]
  /** Strings of the unseen-phrasing protocols. */
  phrases: [Language, string][]
  /** Strings of the free queries. */
  queries: [Language, string][]
}

/**
 * Returns the rule of held-out words: (text, language) → why the text must not be trained on, or undefined. Texts and words are folded
 * (NFKC, lower case, no punctuation, no articles) and compared across all languages. A text is dropped
 *
 * - where it equals a name, a keyword, a phrase or a query;
 * - where it contains a name as whole words, an English one in its plural too;
 * - where a name in a script without spaces, of two characters or more, is a part of it. Korean counts among these: its particles
 *   are tied to the word.
 */
export function heldOutRule(words: HeldOut): (text: string, language: Language) => Dropped | undefined {
  const equal = new Map<string, Dropped>()
  for (const [reason, list] of [
    ['free query', words.queries],
    ['unseen phrasing', words.phrases],
    ['keyword', words.keywords],
    ['name', words.names],
  ] as const) {
    for (const [language, word] of list) equal.set(squash(fold(word, language)), reason) // the last reason, a name, stands
  }
  equal.delete('')
  const names = new Set(words.names.flatMap(([language, name]) => withPlural(fold(name, language), language)))
  names.delete('')
  const parts = new Set([...names].map(squash).filter((name) => isUnspaced(name) && [...name].length >= 2))
  const longest = Math.max(0, ...[...names].map((name) => name.split(' ').length))
  const longestPart = Math.max(0, ...[...parts].map((part) => [...part].length))
  return (text, language) => {
    const folded = fold(text, language)
    if (folded === '') return 'empty'
    const reason = equal.get(squash(folded))
    if (reason) return reason
    if (holds(folded.split(' '), longest, ' ', names)) return 'contains a name'
    return isUnspaced(folded) && holds([...squash(folded)], longestPart, '', parts) ? 'contains a name' : undefined
  }
}

/** Whether any run of up to `longest` neighbours, joined, is in `wanted`. */
function holds(pieces: string[], longest: number, joint: string, wanted: ReadonlySet<string>): boolean {
  for (let start = 0; start < pieces.length; start++) {
    let run = ''
    for (let end = start; end < Math.min(pieces.length, start + longest); end++) {
      run = end === start ? pieces[end]! : run + joint + pieces[end]!
      if (wanted.has(run)) return true
    }
  }
  return false
}

function withPlural(name: string, language: Language): string[] {
  if (language !== 'en' || name === '') return [name]
  return [name, `${name}s`, `${name}es`, ...(name.endsWith('y') ? [`${name.slice(0, -1)}ies`] : [])]
}

function squash(folded: string): string {
  return folded.replaceAll(' ', '')
}
