import { dirname, join } from 'node:path'
import { mkdir, rm, writeFileAtomic } from '../base/disk.ts'
import { notice } from '../base/watch.ts'
import type { BadSample } from '../corpora/bad-row.ts'

/** In a command's output folder: what of its data was left out, an object a line with where, expected, got and hint. */
export const skippedFile = 'skipped.jsonl'

/** What may have left something out. */
interface Read {
  skipped?: BadSample[]
}

/** Writes what was left out of the data of a command into its output folder; a list of an earlier run goes where nothing was. */
export async function writeSkipped(dir: string, ...read: (Read | undefined)[]): Promise<void> {
  await writeSkippedTo(join(dir, skippedFile), ...read)
}

/** The same under a name of its own. */
export async function writeSkippedTo(file: string, ...read: (Read | undefined)[]): Promise<void> {
  const skipped = read.flatMap((one) => one?.skipped ?? [])
  if (skipped.length === 0) return rm(file)
  await mkdir(dirname(file))
  await writeFileAtomic(file, skipped.map((one) => `${JSON.stringify(one)}\n`).join(''))
  notice(`${file} lists the ${skipped.length} rows and pictures that were left out`)
}
