import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { mkdir, rm, writeFilesAtomic } from '../base/disk.ts'
import { formatRanks, type SavedRanks } from '../eval/ranks-file.ts'
import { type AlsoName, alsoNames } from './also.ts'
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
  /** The same numbers in the shapes of other tools; `output` is Chinese-CLIP's own, written where there is a result in Chinese. */
  also?: readonly AlsoName[]
}

/**
 * Writes into `dir` (made when missing) `report.json` and `report.md`. `report.html` and `ranks.json` come when their material is given, files of
 * other tools when `also` names them; such a file of an earlier report in this folder is deleted when it is not written again. The report is checked and rendered before anything is touched;
 * all files are written before the first replaces its forerunner, report.json last: what was there stays whole when something goes wrong.
 * @returns the paths written, report.json first
 * @throws UserError when the report does not fit its schema
 */
export async function writeReport(dir: string, report: Report, { material, ranks, also = [] }: ReportExtras = {}): Promise<string[]> {
  const checked = parseReport(report, join(dir, 'report.json'))
  const files: [name: string, text: string | undefined][] = [
    ['ranks.json', ranks && formatRanks(ranks)],
    ...alsoNames.map((name): [string, string | undefined] => [`${name}.json`, also.includes(name) ? otherTool(name, checked) : undefined]),
    ['report.md', renderMarkdown(checked)],
    ['report.html', material && (await renderHtml(checked, material))],
    ['report.json', json(checked)],
  ]
  const written = files.filter((file): file is [string, string] => file[1] !== undefined)
  const isEarlier = existsSync(join(dir, 'report.json'))
  const stale = files.filter(([name, text]) => text === undefined && isEarlier && existsSync(join(dir, name)))
  await mkdir(dir)
  await writeFilesAtomic(written.map(([name, text]) => [join(dir, name), text]))
  for (const [name] of stale) await rm(join(dir, name))
  return written.map(([name]) => join(dir, name)).reverse()
}

function otherTool(name: AlsoName, report: Report): string | undefined {
  const made = { clip_benchmark: clipBenchmark, open_clip: openClip, chinese_clip: chineseClip, output: chineseClipHeadline }[name](report)
  return made && json(made)
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
