import { UserError } from '../../base/errors.ts'
import { progress } from '../../base/progress.ts'
import type { OnBadRow } from '../bad-row.ts'
import { countSamples } from '../every-sample.ts'
import { findReader } from '../readers/find.ts'
import type { Corpus, Language, Reading, Sample, Split } from '../sample.ts'
import { type Row, tableCorpus } from '../table.ts'
import { checkCaptions } from './captions.ts'
import { collectFindings, type Finding, fault, note } from './findings.ts'
import { duplicateFinder, fingerprint } from './pictures.ts'
import { checkRepeats } from './repeats.ts'

interface LanguageCounts {
  captions: number
  images: number
  /** Characters: least, median, most. */
  characters: [number, number, number]
  /** Tokens, and captions that a context length cuts, where a tokenizer was given. */
  tokens?: { median: number; most: number; cut: number }
}

export interface CheckReport {
  corpus: string
  format: string
  splits: Partial<Record<Split, { images: number; languages: Record<Language, LanguageCounts> }>>
  findings: Finding[]
}

export interface CheckOptions extends Reading {
  tokenizer?: { contextLength: number; count(text: string): number }
}

/** A report, and the rows that could be read. */
export interface Checked {
  report: CheckReport
  corpus: Corpus
  /** Ids of images that cannot be read, or are in an earlier split, too. */
  unsound: Set<string>
}

const unread = fault('unreadable picture', 'It cannot be decoded.', 'Replace it, or leave it out.')
const badRow = fault('row that cannot be used', 'It is not in the format.', 'Mend it as its line says.')
const leak = fault('picture in several splits', 'What is trained on is measured on: recall is too high.', 'Keep it in one split.')
const twice = note('picture twice', 'Two images are the same or nearly so.', 'Merge their captions.')
const setAside = note('column set aside', 'It is no language, split, class or group.', 'Name it by the language’s code if it holds captions.')

/**
 * Reads all of a corpus, pictures included, and finds what is wrong with it.
 * @throws UserError only where nothing can be read: no such file, no header
 */
export async function checkCorpus(path: string, options: CheckOptions): Promise<Checked> {
  const findings = collectFindings()
  const { reader, place } = await findReader(path)
  const captions = checkCaptions(findings)
  const unsound = new Set<string>()
  const onBadRow: OnBadRow = ({ fields }) => findings.add(badRow, fields.where, `expected ${fields.expected}, got ${fields.got}. ${fields.hint}`)
  async function* tapped(): AsyncGenerator<Row> {
    for await (const row of reader.rows(place, { ...options, onBadRow })) {
      for (const [language, caption] of row.captions) if (caption !== '') captions.add(language, caption, row.where)
      yield row
    }
  }
  const folder = options.imagesDir ?? (place.names ? path : undefined)
  const corpus = await tableCorpus(path, tapped(), folder, onBadRow)
  captions.finish(path)
  for (const column of corpus.setAside ?? []) findings.add(setAside, path, column)
  const report: CheckReport = { corpus: path, format: reader.name, splits: {}, findings: [] }
  const repeats = checkRepeats(findings)
  const find = duplicateFinder<{ sample: Sample; split: Split }>()
  const bar = progress('check', await countSamples(corpus), 'pictures')
  let done = 0
  for (const split of corpus.splits) {
    const samples: Sample[] = []
    for await (const sample of corpus.samples(split)) {
      const where = corpus.placeOf(sample.id)
      repeats.add(sample, split, where)
      const print = await fingerprint(sample.image).catch((error: Error) => {
        findings.add(unread, where, `${sample.id}: ${error instanceof UserError ? error.fields.got : error.message.split('\n')[0]}`)
        unsound.add(sample.id)
      })
      const other = print && find(print, { sample, split })
      if (other) {
        const how = other.same ? 'the same file as' : 'looks like'
        findings.add(
          other.item.split === split ? twice : leak,
          where,
          `${sample.id} (${split}) is ${how} ${other.item.sample.id} (${other.item.split})`,
        )
        if (other.item.split !== split) unsound.add(sample.id)
      }
      samples.push(sample)
      bar.update(++done)
    }
    report.splits[split] = { images: samples.length, languages: countsOf(samples, corpus.languages, options.tokenizer) }
  }
  bar.stop()
  repeats.finish(path)
  report.findings = findings.all()
  return { report, corpus, unsound }
}

function countsOf(samples: Sample[], languages: Language[], tokenizer: CheckOptions['tokenizer']): Record<Language, LanguageCounts> {
  return Object.fromEntries(
    languages.map((language) => {
      const written = samples.map(({ captions }) => captions[language] ?? [])
      const texts = written.flat()
      const characters = texts.map((text) => [...text].length).sort((a, b) => a - b)
      const counts = { captions: texts.length, images: written.filter(({ length }) => length > 0).length, characters: spread(characters) }
      if (!tokenizer) return [language, counts]
      const tokens = texts.map((text) => tokenizer.count(text)).sort((a, b) => a - b)
      const cut = tokens.filter((length) => length > tokenizer.contextLength).length
      const [, median, most] = spread(tokens)
      return [language, { ...counts, tokens: { median, most, cut } }]
    }),
  )
}

function spread(sorted: number[]): [number, number, number] {
  return [sorted[0] ?? 0, sorted[sorted.length >> 1] ?? 0, sorted.at(-1) ?? 0]
}
