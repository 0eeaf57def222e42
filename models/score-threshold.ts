import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { updateChecksums } from '../base/checksums.ts'
import { writeFileAtomic } from '../base/disk.ts'
import { parseJson } from '../base/json.ts'
import type { FileFormat } from './onnx/dtypes.ts'

const count = z.int().nonnegative()
const errors = z.object({ protocol: z.string(), language: z.string(), queries: count, refused: count, passed: count })

/** `score_threshold` of config.json: by number format the cosine below which nothing fits a text, and how often it erred where it was chosen. Other libraries leave it alone. */
export const scoreThresholds = z.record(z.string(), z.object({ value: z.number().min(-1).max(1), measured: z.array(errors) }))
export type ScoreThresholds = z.output<typeof scoreThresholds>

/** Writes them into a folder's config.json; without any it stays as it is. */
export async function writeThresholds(dir: string, thresholds: Partial<Record<FileFormat, ScoreThresholds[string]>>): Promise<void> {
  if (Object.keys(thresholds).length === 0) return
  const file = join(dir, 'config.json')
  const config = parseJson(await readFile(file, 'utf8'), file, 'Export the model again.') as Record<string, unknown>
  await writeFileAtomic(file, `${JSON.stringify({ ...config, score_threshold: thresholds }, null, 2)}\n`)
  await updateChecksums(dir, ['config.json']) // changed on purpose
}
