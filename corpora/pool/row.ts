import type { Language } from '../sample.ts'

/** Texts that mean the same, one for each language that has it. */
export type PoolRow = Record<Language, string>

/** A row with what kind of thing it names, by WordNet's lexicographer files (`animal`, `artifact`, `verb` …) where that is known. */
export interface WordRow {
  texts: PoolRow
  kind?: string
}
