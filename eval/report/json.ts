import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import writeFileAtomic from 'write-file-atomic'
import { formatRanks, type SavedRanks } from '../ranks-file.ts'
import { clipBenchmark } from './clip-benchmark.ts'
import { renderHtml } from './html.ts'
import { renderMarkdown } from './markdown.ts'
import type { ReportMaterial } from './material.ts'
import { parseReport, type Report } from './schema.ts'

/** What a report can carry along. */
export interface ReportExtras {
  /** Given (`{}` is enough), `report.html` is written as well. */
  material?: ReportMaterial
  /** Given, `ranks.json` is: two runs can then be compared query by query. */
  ranks?: readonly SavedRanks[]
}

/**
 * Writes `report.json`, `report.md` and the same numbers in the shapes of other tools into `dir` (made when missing), and
 * `report.html` and `ranks.json` when their material is given. The report is checked and rendered before anything is touched and each
 * file replaces its forerunner in one step, report.json last: what was there stays whole when something goes wrong.
 * @returns the paths written, report.json first
 * @throws UserError when the report does not fit its schema
 */
export async function writeReport(dir: string, report: Report, { material, ranks }: ReportExtras = {}): Promise<string[]> {
  const checked = parseReport(report, join(dir, 'report.json'))
  const files: [name: string, text: string][] = [
    ...(ranks ? [['ranks.json', formatRanks(ranks)] as [string, string]] : []),
    ['clip_benchmark.json', json(clipBenchmark(checked))],
    ['report.md', renderMarkdown(checked)],
    ...(material ? [['report.html', await renderHtml(checked, material)] as [string, string]] : []),
    ['report.json', json(checked)],
  ]
  await mkdir(dir, { recursive: true })
  for (const [name, text] of files) await writeFileAtomic(join(dir, name), text)
  return files.map(([name]) => join(dir, name)).reverse()
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
