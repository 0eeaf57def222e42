import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import writeFileAtomic from 'write-file-atomic'
import { clipBenchmark } from './clip-benchmark.ts'
import { renderMarkdown } from './markdown.ts'
import { parseReport, type Report } from './schema.ts'

/**
 * Writes `report.json`, `report.md` and `clip_benchmark.json` into `dir` (made when missing). The report is checked and
 * rendered before anything is touched and each file replaces its forerunner in one step, report.json last: what was
 * there stays whole when something goes wrong.
 * @returns the paths written, report.json first
 * @throws UserError when the report does not fit its schema
 */
export async function writeReport(dir: string, report: Report): Promise<string[]> {
  const checked = parseReport(report, join(dir, 'report.json'))
  const files = [
    ['report.md', renderMarkdown(checked)],
    ['clip_benchmark.json', json(clipBenchmark(checked))],
    ['report.json', json(checked)],
  ] as const
  await mkdir(dir, { recursive: true })
  for (const [name, text] of files) await writeFileAtomic(join(dir, name), text)
  return files.map(([name]) => join(dir, name)).reverse()
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
