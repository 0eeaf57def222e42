import type { Language } from '../sample.ts'
import type { PoolRow } from './row.ts'
import type { Dropped } from './rule.ts'

/** What became of one source's texts. */
export interface FilterCounts {
  /** Distinct texts kept, by language. */
  texts: Record<Language, number>
  /** Texts dropped by the rule, by reason. */
  dropped: Partial<Record<Dropped, number>>
  /** Rows that were there before, word for word. */
  duplicates: number
}

/**
 * Returns `rows` in `languages` without the texts that `rule` drops; a row keeps its other languages. Rows that are left empty, or that
 * `seen` holds already, go.
 * @param seen rows of earlier sources; the kept ones are added
 */
export function filterRows<T extends { texts: PoolRow }>(
  rows: T[],
  options: { languages: Language[]; rule: (text: string, language: Language) => Dropped | undefined; seen: Set<string> },
): { rows: T[]; counts: FilterCounts } {
  const { languages, rule, seen } = options
  const distinct = new Map<Language, Set<string>>(languages.map((language) => [language, new Set()]))
  const counts: FilterCounts = { texts: {}, dropped: {}, duplicates: 0 }
  const kept: T[] = []
  for (const row of rows) {
    const texts: PoolRow = {}
    for (const language of languages) {
      const text = row.texts[language]?.trim()
      if (text === undefined) continue
      const reason = rule(text, language)
      if (reason) counts.dropped[reason] = (counts.dropped[reason] ?? 0) + 1
      else texts[language] = text
    }
    const entries = Object.entries(texts)
    if (entries.length === 0) continue
    const key = entries.map(([language, text]) => `${language}:${text}`).join('\t')
    if (seen.has(key)) {
      counts.duplicates++
      continue
    }
    seen.add(key)
    for (const [language, text] of entries) distinct.get(language)!.add(text)
    kept.push({ ...row, texts })
  }
  for (const [language, texts] of distinct) if (texts.size) counts.texts[language] = texts.size
  return { rows: kept, counts }
}
