import { markdownTable } from 'markdown-table'
import type { FilterCounts } from './filter.ts'
import type { Pool } from './open.ts'

/** Returns a table of a pool's sources: licence, rows, texts by language, what the rule dropped and why. Phrases have a row of their own. */
export function poolTable({ sources, languages }: Pool): string {
  const rows = sources.flatMap(({ name, licence, phrases, ...words }) => [
    [name, licence, ...cells(words, languages)],
    ...(phrases ? [[`${name}, phrases`, licence, ...cells(phrases, languages)]] : []),
  ])
  return markdownTable([['source', 'licence', 'rows', ...languages, 'dropped', 'duplicates'], ...rows])
}

function cells({ rows, texts, dropped, duplicates }: FilterCounts & { rows: number }, languages: string[]): string[] {
  const reasons = Object.entries(dropped).map(([reason, count]) => `${reason} ${count}`)
  return [String(rows), ...languages.map((language) => String(texts[language] ?? 0)), reasons.join(', '), String(duplicates)]
}
