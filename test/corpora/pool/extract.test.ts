import { readFileSync } from 'node:fs'
import test from 'ava'
import { emojiLanguages } from '../../../corpora/emoji/text.ts'
import { cedictRows } from '../../../corpora/pool/cedict.ts'
import { filterRows } from '../../../corpora/pool/filter.ts'
import { heldOutWords } from '../../../corpora/pool/held-out.ts'
import { iconParkName, iconParkRows } from '../../../corpora/pool/icon-park.ts'
import { osmRows } from '../../../corpora/pool/osm.ts'
import type { WordRow } from '../../../corpora/pool/row.ts'
import { formatRows, readRows } from '../../../corpora/pool/rows-file.ts'
import { heldOutRule } from '../../../corpora/pool/rule.ts'
import { poolTable } from '../../../corpora/pool/summary.ts'
import { wordnetRows } from '../../../corpora/pool/wordnet.ts'

const rule = heldOutRule(heldOutWords())
const words = wordnetRows(42_000, 5_000)
const committed = (name: string) => readFileSync(new URL(`../../../corpora/pool/data/${name}.tsv`, import.meta.url), 'utf8')

test('what is committed is what the packages give', (t) => {
  const sources = { wordnet: words, osm: osmRows().names, 'icon-park': iconParkRows() }
  const columns = { wordnet: ['en'], osm: emojiLanguages(), 'icon-park': ['en', 'zh'] }
  for (const name of ['wordnet', 'osm', 'icon-park'] as const) {
    const { rows } = filterRows(sources[name], { languages: columns[name], rule, seen: new Set() })
    t.is(formatRows(rows, columns[name]), committed(name), name)
  }
  const dropped = words.filter(({ texts }) => rule(texts.en!, 'en') !== undefined)
  t.is(formatRows(dropped, ['en']), committed('held-out'))
})

test('WordNet: everyday words first, no names, nothing offensive', (t) => {
  const at = (word: string) => words.findIndex(({ texts }) => texts.en === word)
  t.true(at('house') < 500 && at('house') >= 0)
  t.true(at('walk') < at('teapot'))
  t.is(words[at('owl')]?.kind, 'animal')
  t.is(words[at('teapot')]?.kind, 'artifact')
  t.false(words.some(({ kind, texts }) => kind !== 'gloss' && kind !== 'example' && texts.en !== texts.en!.toLowerCase()))
})

test('CC-CEDICT: simplified words beside a plain gloss', async (t) => {
  const rows = await cedictRows(readRows('wordnet'))
  const gloss = (zh: string) => rows.find(({ texts }) => texts.zh === zh)?.texts.en
  t.is(gloss('下雨'), 'to rain')
  t.is(gloss('茶壶'), 'teapot')
  t.is(gloss('北京'), undefined) // a name
  t.true(rows.every(({ texts }) => /^\p{Script=Han}{1,6}$/u.test(texts.zh!) && /^[a-z][a-z' -]+$/.test(texts.en!)))
})

test('IconPark: numbers of variants are no part of a name', (t) => {
  t.is(iconParkName('branch-two'), 'branch')
  t.is(iconParkName('file-withdrawal'), 'file withdrawal')
  t.is(iconParkName('handle-x'), 'handle')
})

test('filter: the rule takes texts, a row keeps its other languages; rows met before count as duplicates', (t) => {
  const seen = new Set<string>()
  const rows: WordRow[] = [
    { texts: { en: 'red', zh: 'B' } },
    { texts: { en: 'x', fr: 'y' } },
    { texts: { en: 'x' } },
    { texts: { fr: 'y' } },
    { texts: { en: 'red' } },
  ]
  const { rows: kept, counts } = filterRows(rows, { languages: ['en', 'zh'], rule: (text) => (text === 'red' ? 'name' : undefined), seen })
  t.deepEqual(kept, [{ texts: { zh: 'B' } }, { texts: { en: 'x' } }])
  t.deepEqual(counts, { texts: { en: 1, zh: 1 }, dropped: { name: 2 }, duplicates: 1 })
  const table = poolTable({
    rows: [],
    languages: ['en', 'zh'],
    hasCedict: false,
    sources: [{ name: 'mine', licence: 'CC0', rows: 2, ...counts, phrases: { rows: 1, texts: { en: 1 }, dropped: {}, duplicates: 0 } }],
  })
  t.regex(table, /\| mine +\| CC0 +\| 2 +\| 1 +\| 1 +\| name 2 +\| 1 +\|/)
  t.regex(table, /\| mine, phrases +\| CC0 +\| 1 +\| 1 +\| 0 +\|/)
})
