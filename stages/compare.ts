import { compareRuns } from '../eval/compare.ts'
import { renderComparison, renderRuns } from '../report/comparison.ts'
import { writeComparison } from '../report/comparison-files.ts'
import { readRuns } from '../report/runs.ts'

type Options = Parameters<typeof compareRuns>[1]

interface Comparing extends Omit<Options, 'protocols'> {
  /** Folders with a report.json; the first is what the others are compared with. */
  runs: string[]
  protocol?: string[]
  /** Folder to write to. */
  out: string
}

/** Compares evaluated runs, writes the comparison and returns it as text. Throws UserError as readRuns and compareRuns do. */
export async function comparisonOf({ runs: folders, protocol, out, ...options }: Comparing): Promise<string> {
  const runs = await readRuns(folders)
  const comparison = compareRuns(runs, { ...options, protocols: protocol })
  const files = await writeComparison(out, comparison, runs)
  return `${renderComparison(comparison)}\n${renderRuns(runs, comparison)}\n${files.join('\n')}`
}
