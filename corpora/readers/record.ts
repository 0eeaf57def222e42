import { UserError } from '../../base/errors.ts'
import { parseJson } from '../../base/json.ts'
import { captionLanguageOf } from '../caption-column.ts'
import { isOwnColumn, plainColumns } from '../columns.ts'
import { languageOf } from '../language.ts'
import type { Language, Reading } from '../sample.ts'
import { captionOf, type TextRow } from '../table.ts'

/** Keys of captions that name no language. */
const unnamed = ['caption', 'captions', 'text', 'texts', 'title', 'raw']

/**
 * What a record of named values says of one image: captions under a language's code (`en`, `caption_zh`), under `captions` by language, or under a name
 * without one (`text`), each one text, several or none; split, class and group; other simple values as columns.
 * @throws UserError for captions of an unknown language, and for values that are no text
 */
export function recordRow(record: Record<string, unknown>, where: string, { captionLanguage }: Reading): TextRow {
  const row: TextRow = { where, captions: [], columns: {} }
  const named = typeof record.language === 'string' ? languageOf(record.language, where) : captionLanguage
  const add = (language: Language, value: unknown, key: string) => {
    for (const text of textsOf(value, key, where)) row.captions.push([language, captionOf(text)])
  }
  for (const [key, value] of Object.entries(record)) {
    if (value === null || value === undefined || value === '' || key === 'language') continue
    if (isByLanguage(value) && key === 'captions') for (const [code, texts] of Object.entries(value)) add(languageOf(code, where), texts, code)
    else if (unnamed.includes(key)) add(named ?? refuseUnnamed(where, key), value, key)
    else if (key === 'split') row.split = String(value)
    else if (key === 'class' || key === 'label') row.classId = String(value)
    else if (key === 'group') row.group = String(value)
    else if (captionLanguageOf(key)) add(captionLanguageOf(key)!, value, key)
    else if (!plainColumns.includes(key) && !isOwnColumn(key, where)) add(languageOf(key, where), value, key)
    else if (typeof value !== 'object') row.columns![key] = String(value)
  }
  return row
}

function isByLanguage(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function textsOf(value: unknown, key: string, where: string): string[] {
  const texts = [value].flat().filter((text) => text !== null && text !== undefined)
  if (texts.every((text) => typeof text === 'string')) return texts
  const hint = 'Write captions as texts, or call the column by another name.'
  throw new UserError({ where, expected: `captions in "${key}"`, got: JSON.stringify(value).slice(0, 80), hint })
}

/**
 * A record that is written as JSON.
 * @throws UserError for anything but an object
 */
export function parseRecord(json: string, where: string): Record<string, unknown> {
  const hint = 'Write one object a line or file.'
  const record = parseJson(json, where, hint)
  if (typeof record === 'object' && record !== null && !Array.isArray(record)) return { ...record }
  throw new UserError({ where, expected: 'a JSON object', got: json.slice(0, 80), hint })
}

/** @throws UserError: nothing says which language captions are in */
export function refuseUnnamed(where: string, key: string): never {
  throw new UserError({
    where,
    expected: `the language of the captions in "${key}"`,
    got: 'none named',
    hint: 'Name it with --caption-language en.',
  })
}
