import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { progress } from '../../base/progress.ts'
import { embedTexts } from '../../models/embed.ts'
import type { Encoder } from '../../models/encoder.ts'
import { openFeatureFolder } from './feature-folder.ts'
import { openStore, type RowReader } from './feature-store.ts'

const version = 2
/** Texts of a block are sorted by length before they are embedded: the larger, the less padding. */
const blockRows = 2048

/**
 * Runs the teacher once over all texts, or finds what an earlier run left. The folder is named by a hash of teacher and texts; row = index of the text.
 * @throws UserError when features are not finite, or the folder holds something else
 */
export async function textFeatures(teacher: Encoder, texts: readonly string[], cacheDir: string): Promise<RowReader> {
  const width = teacher.embedDim
  const made = { version, teacher: teacher.id, oneByOne: teacher.oneByOne || undefined, embedDim: width, texts: texts.length, blockRows }
  const hash = createHash('sha256').update(JSON.stringify(made))
  for (const text of texts) hash.update(`${JSON.stringify(text)}\n`)
  const key = hash.digest('hex')
  const dir = join(cacheDir, `features-text-${key.slice(0, 16)}`)
  await openFeatureFolder(dir, { ...made, key })
  const store = await openStore([{ dir, kind: 'text', rows: texts.length, width, blockRows }])
  const bar = progress('teacher features', texts.length, 'texts')
  const make = async (from: number, to: number) => [await embedTexts(teacher, texts.slice(from, to), (done) => bar.update(from + done))]
  const [rows] = await store.complete(make, bar.update).finally(bar.stop)
  return rows!
}
