import { join } from 'node:path'
import { mkdir, writeFilesAtomic } from '../base/disk.ts'
import type { Comparison } from '../eval/compare.ts'
import { renderComparison, renderRuns } from './comparison.ts'
import { renderComparisonHtml } from './html/comparison.ts'
import type { EvaluatedRun } from './runs.ts'
import { settingDifferences } from './settings.ts'

/**
 * Writes `comparison.json`, `comparison.md` and `comparison.html` into `dir` (made when missing). Everything is rendered before anything
 * is touched; each file replaces its forerunner in one step.
 * @returns the paths written
 */
export async function writeComparison(dir: string, comparison: Comparison, runs: readonly EvaluatedRun[]): Promise<string[]> {
  const { model, dtype, tasks, skipped } = comparison
  const json = {
    schema: 1,
    model,
    dtype,
    reference: runs[0]!.name,
    runs: runs.map(({ name, dir, report }) => ({
      name,
      dir,
      ...(report.models[model as 'student'] && { facts: report.models[model as 'student'] }),
      provenance: report.provenance,
    })),
    settings: settingDifferences(runs),
    tasks,
    skipped,
  }
  const files: [name: string, text: string][] = [
    ['comparison.json', `${JSON.stringify(json, null, 2)}\n`],
    ['comparison.md', `# Comparison\n\n${renderComparison(comparison)}\n## Runs\n\n${renderRuns(runs, comparison)}`],
    ['comparison.html', await renderComparisonHtml(comparison, runs)],
  ]
  await mkdir(dir)
  await writeFilesAtomic(files.map(([name, text]) => [join(dir, name), text]))
  return files.map(([name]) => join(dir, name))
}
