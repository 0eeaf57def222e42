/**
 * Writes the texts of the pool that may be committed to corpora/pool/data/, those of WordNet that are held out to a file of their own:
 * `node --import=./build/typescript.mjs corpora/pool/extract.ts`. The packages are devDependencies; CC-CEDICT is not among them, its data may not be committed.
 */
import { writeFileAtomic } from '../../base/disk.ts'
import { heldOutPhrases, phraseSources } from '../emoji/phrasing.ts'
import { emojiLanguages } from '../emoji/text.ts'
import { filterRows } from './filter.ts'
import { heldOutWords } from './held-out.ts'
import { iconParkRows } from './icon-park.ts'
import { formatClasses, imagenetClasses, ruledClasses } from './imagenet.ts'
import { osmRows } from './osm.ts'
import type { WordRow } from './row.ts'
import { formatRows } from './rows-file.ts'
import { heldOutRule } from './rule.ts'
import { wordnetRows } from './wordnet.ts'

const words = 42_000
const phrases = 5_000

await write('phrasing', await phrasingTable()) // the rule below reads it
const rule = heldOutRule(heldOutWords())
const languages = emojiLanguages()

const osm = osmRows()
const wordnet = wordnetRows(words, phrases)
await write('wordnet', table('wordnet', wordnet, ['en']))
await write('held-out', heldOutTable(wordnet))
await write('osm', table('osm', osm.names, languages))
await write('osm-terms', termsTable(osm.terms))
await write('icon-park', table('icon-park', iconParkRows(), ['en', 'zh']))
const classes = ruledClasses(imagenetClasses(), rule)
for (const language of ['en', 'zh']) {
  const named = classes.filter(({ names }) => names[language]).length
  const dropped = classes.reduce((sum, one) => sum + (one.dropped[language]?.length ?? 0), 0)
  console.log(`imagenet-classes: ${named} of ${classes.length} have a name in ${language}, ${dropped} names dropped`)
}
await write('imagenet-classes', formatClasses(classes, ['en', 'zh']))

function table(name: string, rows: WordRow[], columns: string[]): string {
  const { rows: kept, counts } = filterRows(rows, { languages: columns, rule, seen: new Set() })
  console.log(`${name}: ${kept.length} of ${rows.length} rows, dropped ${JSON.stringify(counts.dropped)}, ${counts.duplicates} duplicates`)
  return formatRows(kept, columns)
}

function heldOutTable(rows: WordRow[]): string {
  const dropped = rows.filter(({ texts }) => rule(texts.en!, 'en') !== undefined)
  console.log(`held-out: ${dropped.length} of ${rows.length}`)
  return formatRows(dropped, ['en'])
}

function termsTable(terms: [string, string][]): string {
  const kept = terms.filter(([language, text]) => rule(text, language) === undefined)
  console.log(`osm-terms: ${kept.length} of ${terms.length}`)
  return `language\ttext\n${kept.map((row) => row.join('\t')).join('\n')}\n`
}

async function phrasingTable(): Promise<string> {
  const rows: string[] = []
  for (const [source, { language }] of Object.entries(phraseSources)) {
    for (const texts of (await heldOutPhrases(source)).values()) rows.push(...texts.map((text) => `${language}\t${text}`))
  }
  return `language\tphrase\n${rows.join('\n')}\n`
}

async function write(name: string, text: string): Promise<void> {
  await writeFileAtomic(new URL(`./data/${name}.tsv`, import.meta.url).pathname, text)
}
