import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { UserError } from '../engine/errors.ts'
import { checkFile } from './csv.ts'
import { languageOf } from './language.ts'
import type { Corpus } from './sample.ts'
import { type Row, tableCorpus } from './table.ts'

const common = { image: z.string().min(1), split: z.string().optional(), class: z.string().optional(), group: z.string().optional() }
const texts = z.union([z.string(), z.array(z.string()).min(1)])
const wide = z.strictObject({ ...common, captions: z.record(z.string(), texts) })
const long = z.strictObject({ ...common, language: z.string(), caption: z.string() })

/**
 * Opens a JSONL file of images and captions, one object a line: `{"image", "captions": {"en": "…" or ["…"]}}` or
 * `{"image", "language", "caption"}`, each with optional `split`, `class`, `group`. Otherwise as csvCorpus.
 */
export async function jsonlCorpus(options: { file: string; imagesDir?: string }): Promise<Corpus> {
  await checkFile(options.file)
  return tableCorpus(options.file, rows(options.file), options.imagesDir)
}

async function* rows(file: string): AsyncGenerator<Row> {
  let line = 0
  for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
    line++
    if (text.trim() !== '') yield rowOf(text.replace(/^\ufeff/, ''), line, `${file}:${line}`)
  }
}

function rowOf(text: string, line: number, where: string): Row {
  const json = parse(text, where)
  const schema = typeof json === 'object' && json !== null && 'captions' in json ? wide : long
  const result = schema.safeParse(json)
  if (!result.success) {
    const [issue] = result.error.issues
    throw lineError(where, `${issue?.path.join('.') || 'an object'}: ${issue?.message}`)
  }
  const { image, split, class: classId, group } = result.data
  const written: [string, string][] =
    'captions' in result.data
      ? Object.entries(result.data.captions).flatMap(([language, texts]) => [texts].flat().map((text): [string, string] => [language, text]))
      : [[result.data.language, result.data.caption]]
  const captions = written.map(([language, caption]): [string, string] => [languageOf(language, where), caption.trim()])
  return { line, image, captions, split, classId, group }
}

function parse(text: string, where: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw lineError(where, cause instanceof Error ? cause.message : String(cause))
  }
}

function lineError(where: string, got: string): UserError {
  return new UserError({
    where,
    expected: 'an object {"image": "a.jpg", "captions": {"en": "…"}} or {"image", "language", "caption"}',
    got,
    hint: 'Write one such object a line; split, class and group are optional.',
  })
}
