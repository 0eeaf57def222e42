import { existsSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import writeFileAtomic from 'write-file-atomic'
import { formatRanks, type SavedRanks } from '../eval/ranks-file.ts'
import { chineseClip, chineseClipHeadline } from './chinese-clip.ts'
import { clipBenchmark } from './clip-benchmark.ts'
import { renderHtml } from './html.ts'
import { renderMarkdown } from './markdown.ts'
import type { ReportMaterial } from './material.ts'
import { openClip } from './open-clip.ts'
import { parseReport, type Report } from './schema.ts'

/** What a report can carry along. */
export interface ReportExtras {
  /** Given (`{}` is enough), `report.html` is written as well. */
  material?: ReportMaterial
  /** Given, `ranks.json` is: two runs can then be compared query by query. */
  ranks?: readonly SavedRanks[]
}

/**
 * Writes into `dir` (made when missing) `report.json`, `report.md` and the same numbers in the shapes of other tools:
 * `clip_benchmark.json`, `open_clip.json`, `chinese_clip.json`, and for Chinese an `output.json` as Chinese-CLIP's own evaluation has it.
 * `report.html` and `ranks.json` come when their material is given. The report is checked and rendered before anything is touched and each
 * file replaces its forerunner in one step, report.json last: what was there stays whole when something goes wrong.
 * @returns the paths written, report.json first
 * @throws UserError when the report does not fit its schema
 */
export async function writeReport(dir: string, report: Report, { material, ranks }: ReportExtras = {}): Promise<string[]> {
  const checked = parseReport(report, join(dir, 'report.json'))
  const chinese = chineseClipHeadline(checked)
  const files: [name: string, text: string | undefined][] = [
    ['ranks.json', ranks && formatRanks(ranks)],
    ['clip_benchmark.json', json(clipBenchmark(checked))],
    ['open_clip.json', json(openClip(checked))],
    ['chinese_clip.json', json(chineseClip(checked))],
    ['output.json', chinese && json(chinese)],
    ['report.md', renderMarkdown(checked)],
    ['report.html', material && (await renderHtml(checked, material))],
    ['report.json', json(checked)],
  ]
  const written = files.filter((file): file is [string, string] => file[1] !== undefined)
  const isEarlier = existsSync(join(dir, 'report.json'))
  await mkdir(dir, { recursive: true })
  for (const [name, text] of written) await writeFileAtomic(join(dir, name), text)
  for (const [name, text] of files) if (text === undefined && isEarlier) await rm(join(dir, name), { force: true })
  return written.map(([name]) => join(dir, name)).reverse()
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
