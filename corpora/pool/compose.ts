import { grouped } from '../../base/grouped.ts'
import { type Random, random } from '../../base/random.ts'
import type { Language } from '../sample.ts'
import type { PoolRow, WordRow } from './row.ts'
import { readRows } from './rows-file.ts'

/** WordNet's kinds → the patterns' kinds where they differ. */
const patternKind: Record<string, string> = { object: 'nature' }

/** English names that take no article: plurals, and what cannot be counted (`scissors`, `bacon`). */
const plural = /(?<![sui])s$/

/**
 * Returns phrases of everyday words: each word is put into `count` patterns of its kind (data/patterns.tsv), drawn by `seed`; a row has
 * the languages that both the word and the pattern have. `{}` is the word, `{a}` the word with its English article, `{s}` its plural; `{2}` and `{b}` are
 * another word of the same kind.
 * @param words those without a kind that has patterns are passed over
 */
export function compose(words: WordRow[], count: number, seed: number): PoolRow[] {
  const patterns = grouped(readRows('patterns'), ({ kind }) => kind!)
  const byKind = grouped(words, ({ kind }) => patternKind[kind ?? ''] ?? kind ?? '')
  const rows: PoolRow[] = []
  for (const [kind, nouns] of byKind) {
    for (const [i, { texts }] of nouns.entries()) {
      const next = random(seed, i, kind.length, kind.charCodeAt(0))
      for (const pattern of some(patterns.get(kind) ?? [], count, next)) {
        const second = nouns[Math.floor(next() * nouns.length)]!.texts
        const row = filled(pattern.texts, texts, second)
        if (Object.keys(row).length) rows.push(row)
      }
    }
  }
  return rows
}

function some<T>(all: T[], count: number, next: Random): T[] {
  if (count >= all.length) return all
  return all
    .map((value) => ({ value, key: next() }))
    .sort((a, b) => a.key - b.key)
    .slice(0, count)
    .map(({ value }) => value)
}

function filled(pattern: Record<Language, string>, word: Record<Language, string>, second: Record<Language, string>): PoolRow {
  const row: PoolRow = {}
  for (const [language, text] of Object.entries(pattern)) {
    const first = word[language]
    const other = second[language]
    if (first === undefined || (/\{[2b]\}/.test(text) && (other === undefined || other === first))) continue
    row[language] = text
      .replace('{}', first)
      .replace('{a}', withArticle(first))
      .replace('{s}', pluralOf(first))
      .replace('{2}', other ?? '')
      .replace('{b}', withArticle(other ?? ''))
  }
  if (row.en !== undefined && /^a \w/.test(row.en)) row.en = row.en.replace(/^a (?=[aeiou])/, 'an ')
  return row
}

/** "an apple", "a unicorn", "scissors". */
function withArticle(word: string): string {
  if (plural.test(word) || /^(the|an?) /.test(word)) return word
  return `${/^([aeio]|u(?!ni|se|ro))/i.test(word) ? 'an' : 'a'} ${word}`
}

/** The regular English plural and the commonest irregular ones. */
function pluralOf(word: string): string {
  const irregular = /(wo)?man$/.test(word) && !/human$/.test(word)
  if (irregular) return word.replace(/man$/, 'men')
  if (/(sheep|deer|fish|bison|salmon|squid)$/.test(word) || plural.test(word)) return word
  if (/child$/.test(word)) return `${word}ren`
  if (/mouse$/.test(word)) return word.replace(/mouse$/, 'mice')
  if (/(goose|tooth|foot)$/.test(word)) return word.replace(/oo(se|th|t)$/, 'ee$1')
  if (/[^aeiou]y$/.test(word)) return `${word.slice(0, -1)}ies`
  if (/(wolf|calf|leaf|knife|shelf)$/.test(word)) return word.replace(/fe?$/, 'ves')
  return `${word}${/(s|x|z|ch|sh)$/.test(word) ? 'es' : 's'}`
}
