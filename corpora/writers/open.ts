import { extname } from 'node:path'
import { UserError } from '../../base/errors.ts'
import type { Language } from '../sample.ts'
import { chineseClipWriter } from './chinese-clip.ts'
import { cocoWriter } from './coco.ts'
import { type OutputFormat, outputFormats } from './formats.ts'
import { jsonlWriter, tableWriter } from './table.ts'
import { webDatasetWriter } from './webdataset.ts'
import type { Writer } from './writer.ts'

const byEnding: Record<string, OutputFormat> = { '.csv': 'csv', '.tsv': 'tsv', '.jsonl': 'jsonl', '.json': 'coco' }

/**
 * A writer of `format`, default: that of the ending of `out`.
 * @param languages of the corpus; Chinese-CLIP and COCO hold one
 * @throws UserError where neither tells the format, and for a format of one language where there are several
 */
export async function openWriter(out: string, languages: Language[], asked?: OutputFormat): Promise<Writer> {
  const format = asked ?? byEnding[extname(out).toLowerCase()]
  if (!format) {
    const hint = `Name it with --format ${outputFormats.join('|')}.`
    throw new UserError({ where: out, expected: 'an ending that tells the format (.csv .tsv .jsonl .json)', got: 'none of these', hint })
  }
  if (format === 'csv' || format === 'tsv') return tableWriter(out, format === 'csv' ? ',' : '\t')
  if (format === 'jsonl') return jsonlWriter(out)
  if (format === 'webdataset') return webDatasetWriter(out)
  const [language, ...more] = languages
  if (language === undefined || more.length > 0) {
    const got = languages.join(', ') || 'none'
    throw new UserError({ where: `--format ${format}`, expected: 'captions in one language', got, hint: 'Name one with --languages.' })
  }
  return format === 'coco' ? cocoWriter(out, language) : chineseClipWriter(out, language)
}
