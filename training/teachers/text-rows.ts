import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { Encoder } from '../../models/encoder.ts'
import { featureFormat } from './feature-folder.ts'
import type { RowSet } from './feature-store.ts'

/** A teacher as far as texts go. */
export type TextTeacher = Pick<Encoder, 'id' | 'embedDim' | 'oneByOne' | 'encodeTexts'>

/** What the rows of a teacher's text features are of, and where they lie; row = index of the text. */
export interface TextRows {
  /** Named by a hash of teacher and texts. */
  dir: string
  made: Record<string, unknown>
  features: RowSet
}

/** A shard. Its texts are sorted by length before they are embedded: the larger, the less padding. */
const textShardRows = 1024

/** Says what rows there are of texts. Nothing is read or computed. */
export function textRows(teacher: TextTeacher, texts: readonly string[], cacheDir: string): TextRows {
  const { id, embedDim, oneByOne } = teacher
  const made = { version: featureFormat, teacher: id, oneByOne: oneByOne || undefined, embedDim, texts: texts.length, blockRows: textShardRows }
  const hash = createHash('sha256').update(JSON.stringify(made))
  for (const text of texts) hash.update(`${JSON.stringify(text)}\n`)
  const key = hash.digest('hex')
  const dir = join(cacheDir, `features-text-${key.slice(0, 16)}`)
  return { dir, made: { ...made, key }, features: { dir, kind: 'text', rows: texts.length, width: embedDim, blockRows: textShardRows } }
}
