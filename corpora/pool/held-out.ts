import { readFileSync } from 'node:fs'
import { concepts } from '../emoji/concepts.ts'
import { emojiText } from '../emoji/text.ts'
import type { Language } from '../sample.ts'
import type { HeldOut } from './rule.ts'

/**
 * Returns what the emoji corpus keeps for measuring: CLDR's names and keywords of the validation, test and reserve concepts in all its languages,
 * and the strings of the unseen-phrasing protocols (`data/phrasing.tsv`, which extract.ts writes).
 * @param queries strings of the free queries, each with its language; default: free-queries.json
 */
export function heldOutWords(queries: [Language, string][] = freeQueries()): HeldOut {
  const names: [Language, string][] = []
  const keywords: [Language, string][] = []
  for (const [language, words] of Object.entries(emojiText().words)) {
    for (const [code, [name, ...more]] of Object.entries(words)) {
      const split = concepts().get(code)?.split
      if (split === undefined || split === 'train') continue
      if (name !== undefined) names.push([language, name])
      for (const keyword of more) keywords.push([language, keyword])
    }
  }
  return { names, keywords, phrases: phrases(), queries }
}

function freeQueries(): [Language, string][] {
  const file = new URL('../emoji/free-queries.json', import.meta.url)
  const { queries } = JSON.parse(readFileSync(file, 'utf8')) as { queries: { language: Language; text: string }[] }
  return queries.map(({ language, text }) => [language, text])
}

function phrases(): [Language, string][] {
  const lines = readFileSync(new URL('./data/phrasing.tsv', import.meta.url), 'utf8')
    .trimEnd()
    .split('\n')
  return lines.slice(1).map((line) => line.split('\t') as [Language, string])
}
