import { basename, extname } from 'node:path'
import { UserError } from '../base/errors.ts'
import { type OnBadRow, unlessBad } from './bad-row.ts'
import type { Language, Split, TextCorpus, TextSample } from './sample.ts'
import { sampleOf, splitOf, type TextRow, withCaptions } from './table.ts'

/**
 * Makes a corpus of parallel texts of a file's rows: what stands in one row means the same. Rows without a split are for training.
 * Throws UserError with file and line as tableCorpus does, or gives it to `onBadRow`.
 */
export async function textTable(file: string, rows: AsyncIterable<TextRow & { line: number }>, onBadRow?: OnBadRow): Promise<TextCorpus> {
  const entries: { sample: TextSample; split: Split }[] = []
  const languages = new Set<Language>()
  for await (const read of rows) {
    unlessBad(() => {
      const row = withCaptions(read)
      entries.push({ sample: sampleOf(`line ${row.line}`, row), split: row.split === undefined ? 'train' : splitOf(row.where, row.split) })
      for (const [language] of row.captions) languages.add(language)
    }, onBadRow)
  }
  if (entries.length === 0) {
    throw new UserError({ where: file, expected: 'at least one row below the header', got: 'none', hint: 'Add one row for each meaning.' })
  }
  return {
    name: basename(file, extname(file)),
    licence: 'not stated (user data)',
    languages: [...languages],
    splits: [...new Set(entries.map(({ split }) => split))],
    async *samples(split) {
      for (const entry of entries) if (entry.split === split) yield entry.sample
    },
  }
}
