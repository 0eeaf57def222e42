import { progress } from '../../base/progress.ts'
import { embedTexts } from '../../models/embed.ts'
import { openFeatureFolder } from './feature-folder.ts'
import { openStore, type RowReader } from './feature-store.ts'
import { type TextTeacher, textRows } from './text-rows.ts'

/**
 * Runs the teacher once over all texts, or finds what an earlier run left.
 * @throws UserError when features are not finite, or the folder holds something else
 */
export async function textFeatures(teacher: TextTeacher, texts: readonly string[], cacheDir: string): Promise<RowReader> {
  const { dir, made, features } = textRows(teacher, texts, cacheDir)
  await openFeatureFolder(dir, made)
  const store = await openStore([features])
  const bar = progress('teacher features', texts.length, 'texts')
  const make = async (from: number, to: number) => [await embedTexts(teacher, texts.slice(from, to), (done) => bar.update(from + done))]
  const [rows] = await store.complete(make, bar.update).finally(bar.stop)
  return rows!
}
