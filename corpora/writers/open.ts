import { extname } from 'node:path'
import { UserError } from '../../base/errors.ts'
import type { Language } from '../sample.ts'
import { captionListWriter } from './caption-list.ts'
import { chineseClipWriter } from './chinese-clip.ts'
import { cocoWriter } from './coco.ts'
import { type OutputFormat, outputFormats } from './formats.ts'
import { imageFolderWriter } from './image-folder.ts'
import { parquetWriter } from './parquet.ts'
import { jsonlWriter, openClipWriter, tableWriter } from './table.ts'
import { webDatasetWriter } from './webdataset.ts'
import type { Writer } from './writer.ts'

const byEnding: Record<string, OutputFormat> = { '.csv': 'csv', '.tsv': 'tsv', '.jsonl': 'jsonl', '.json': 'coco' }

/**
 * The format of the ending of `out`.
 * @throws UserError where it is none's
 */
export function outputFormat(out: string): OutputFormat {
  const format = byEnding[extname(out).toLowerCase()]
  if (format) return format
  const hint = `Name it with --format ${outputFormats.join('|')}.`
  throw new UserError({ where: out, expected: 'an ending that tells the format (.csv .tsv .jsonl .json)', got: 'none of these', hint })
}

/**
 * @param languages of the corpus; Chinese-CLIP, COCO and open_clip hold one
 * @throws UserError for a format of one language where there are several
 */
export async function openWriter(out: string, languages: Language[], format: OutputFormat): Promise<Writer> {
  if (format === 'csv' || format === 'tsv') return tableWriter(out, format === 'csv' ? ',' : '\t')
  if (format === 'jsonl') return jsonlWriter(out)
  if (format === 'webdataset') return webDatasetWriter(out)
  if (format === 'parquet') return parquetWriter(out, languages)
  if (format === 'imagefolder') return imageFolderWriter(out, languages)
  if (format === 'caption-list') return captionListWriter(out, languages)
  const [language, ...more] = languages
  if (language === undefined || more.length > 0) {
    const got = languages.join(', ') || 'none'
    throw new UserError({ where: `--format ${format}`, expected: 'captions in one language', got, hint: 'Name one with --languages.' })
  }
  if (format === 'open-clip') return openClipWriter(out, language)
  return format === 'coco' ? cocoWriter(out, language) : chineseClipWriter(out, language)
}
