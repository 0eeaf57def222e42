import { readFileSync } from 'node:fs'
import type { WordRow } from './row.ts'

/** Returns the rows of data/NAME.tsv; its header names the languages, and `kind` where there is one. */
export function readRows(name: string): WordRow[] {
  const [header = '', ...lines] = readFileSync(new URL(`./data/${name}.tsv`, import.meta.url), 'utf8')
    .trimEnd()
    .split('\n')
  const columns = header.split('\t')
  return lines.map((line) => {
    const cells = line.split('\t').map((cell, i) => [columns[i]!, cell] as const)
    const texts = cells.filter(([column, cell]) => column !== 'kind' && cell !== '')
    const kind = cells.find(([column]) => column === 'kind')?.[1]
    return { texts: Object.fromEntries(texts), ...(kind ? { kind } : {}) }
  })
}

/** The same rows as text of such a file, in the order given. */
export function formatRows(rows: WordRow[], languages: string[]): string {
  const withKind = rows.some(({ kind }) => kind !== undefined)
  const lines = rows.map(({ texts, kind }) => [...(withKind ? [kind ?? ''] : []), ...languages.map((language) => texts[language] ?? '')].join('\t'))
  return `${[[...(withKind ? ['kind'] : []), ...languages].join('\t'), ...lines.map((line) => line.trimEnd())].join('\n')}\n`
}
