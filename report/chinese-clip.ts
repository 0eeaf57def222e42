import { cutoffs, type Direction, directions, mean, recallName } from '../eval/metrics.ts'
import { headlineProtocol } from './format.ts'
import type { Report, ReportResult } from './schema.ts'

/** What Chinese-CLIP's evaluation scripts write to output.json: one direction, in percent. */
export interface ChineseClipOutput {
  success: true
  score: number
  scoreJson: { score: number; mean_recall: number; r1: number; r5: number; r10: number }
}

/** Every result and direction in that shape, with what it is of. */
export interface ChineseClipRun extends ChineseClipOutput {
  model: string
  dtype: string
  dataset: string
  language: string
  direction: Direction
}

/** The recalls of one row and direction as Chinese-CLIP's output.json has them: in percent, `score` the mean of the three. */
function chineseClipOutput(row: ReportResult, direction: Direction): ChineseClipOutput {
  const [r1, r5, r10] = cutoffs.map((cutoff) => 100 * row.metrics[recallName(direction, cutoff)]!) as [number, number, number]
  const score = mean([r1, r5, r10])
  return { success: true, score, scoreJson: { score, mean_recall: score, r1, r5, r10 } }
}

/** All rows with a text side. */
export function chineseClip(report: Report): ChineseClipRun[] {
  return report.results
    .filter((row) => row.model !== 'pixel-nn')
    .flatMap((row) =>
      directions.map((direction) => ({
        model: row.model,
        dtype: row.dtype,
        dataset: `${row.corpus}/${row.protocol}`,
        language: row.language,
        direction,
        ...chineseClipOutput(row, direction),
      })),
    )
}

/** The row that `output.json` holds: the student's (else the first model's) in Chinese on the headline protocol, text→image; none without Chinese. */
export function chineseClipHeadline(report: Report): ChineseClipOutput | undefined {
  const headline = headlineProtocol(report)
  const rows = report.results.filter(
    (row) =>
      new Intl.Locale(row.language).language === 'zh' &&
      row.model !== 'pixel-nn' &&
      row.protocol === headline?.protocol &&
      row.corpus === headline.corpus,
  )
  const row = rows.find(({ model }) => model === 'student') ?? rows[0]
  return row && chineseClipOutput(row, 'text_to_image')
}
