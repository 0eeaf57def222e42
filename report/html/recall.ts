import { grouped } from '../../base/grouped.ts'
import { type RecallName, recallNames } from '../../eval/metrics.ts'
import { headlineProtocol, languageName, percent, percentInterval, rank, rowLabel, thousands } from '../format.ts'
import { modelNames, type Report, type ReportResult } from '../schema.ts'
import { type Bar, barPanel } from './bars.ts'
import { html, type Markup } from './markup.ts'
import type { Section } from './section.ts'
import { colourOf, legend, modelSeries } from './series.ts'
import { type Cell, type Column, table } from './table.ts'

type BarMetric = RecallName | 'mean_recall'

const bars: { metric: BarMetric; title: string }[] = [
  { metric: 'mean_recall', title: 'Mean recall, %' },
  { metric: 'text_to_image_R@1', title: 'Text to image, recall@1, %' },
  { metric: 'image_to_text_R@1', title: 'Image to text, recall@1, %' },
]

const columns: Column[] = [
  { title: 'Model', isText: true },
  { title: 'Language', isText: true },
  ...recallNames().map((name) => ({ title: shortName(name), about: name })),
  { title: 'Mean', about: 'mean recall: the mean of the six' },
  { title: '95 %', about: 'bootstrap interval of the mean recall' },
  { title: 'Rank', about: 'median rank, mean of both directions' },
  { title: 'Kept', about: "mean recall over the teacher's, percent" },
]

/** Recall per language with intervals, all models side by side: charts of the headline protocol, a table of every protocol. */
export async function recallSection(report: Report): Promise<Section | undefined> {
  const headline = headlineProtocol(report)
  if (!headline) return undefined
  const isHeadline = (row: ReportResult) => row.protocol === headline.protocol && row.corpus === headline.corpus
  const rows = report.results.filter(isHeadline)
  const charts = await Promise.all(bars.map(({ metric, title }) => barPanel(title, barsOf(metric, rows, report))))
  const body = html`${legend(modelSeries(rows, report.results))}
<div class="panels">${charts}</div>
<p class="note">Lines are 95 % bootstrap intervals: images are drawn again, each with its captions. A query is a hit when any of its right answers is in
the top K; ties do not help the model.</p>
${protocolTable(rows, report)}
${protocols(report.results.filter((row) => !isHeadline(row))).map((others) => html`<details><summary>${others[0]!.protocol}${inOtherCorpus(others[0]!, headline.corpus)}</summary>${protocolTable(others, report)}</details>`)}`
  return { id: 'recall', title: 'Recall in each language', body }
}

function inOtherCorpus({ corpus }: ReportResult, usual: string): string {
  return corpus === usual ? '' : ` (${corpus})`
}

function protocols(rows: readonly ReportResult[]): ReportResult[][] {
  return [...grouped(rows, ({ corpus, protocol }) => JSON.stringify([corpus, protocol])).values()]
}

function barsOf(metric: BarMetric, rows: readonly ReportResult[], report: Report): Bar[] {
  return sorted(rows).flatMap((row) => {
    const value = row.metrics[metric]
    if (value === undefined) return []
    const interval = row.interval95?.[metric]
    return [{ group: languageName(row.language), series: rowLabel(row, report.results), colour: colourOf(row), value, interval }]
  })
}

function protocolTable(rows: readonly ReportResult[], report: Report): Markup {
  const body: Cell[][] = sorted(rows).map((row) => [
    rowLabel(row, report.results),
    languageName(row.language),
    ...recallNames().map((name) => percent(row.metrics[name])),
    percent(row.metrics.mean_recall),
    { show: percentInterval(row.interval95?.mean_recall), value: row.interval95?.mean_recall?.[0] },
    rank(row.metrics.median_rank),
    percent(row.retention),
  ])
  const absent = report.baseline?.find((note) => note.protocol === rows[0]!.protocol)
  return html`${table(`${rows[0]!.protocol}: ${counts(rows)}`, columns, body)}${absent && html`<p class="note">No pixel baseline: ${absent.reason}.</p>`}`
}

/** Language by language in order of appearance, models in theirs. */
function sorted(rows: readonly ReportResult[]): ReportResult[] {
  const languages = [...new Set(rows.map((row) => row.language))]
  return rows.toSorted(
    (a, b) => languages.indexOf(a.language) - languages.indexOf(b.language) || modelNames.indexOf(a.model) - modelNames.indexOf(b.model),
  )
}

/** How many asked among how many: one number where languages agree, a range where they do not. */
function counts(rows: readonly ReportResult[]): string {
  const models = rows.filter((row) => row.model !== 'pixel-nn')
  const asked = models.length > 0 ? models : rows
  const side = (pick: (row: ReportResult) => { queries: number; gallery: number }) =>
    `${range(asked.map((row) => pick(row).queries))} queries among ${range(asked.map((row) => pick(row).gallery))}`
  const image = side((row) => row)
  const text = side((row) => row.directions?.text_to_image ?? row)
  return text === image ? `each direction ${image}` : `text to image ${text}; image to text ${image}`
}

function range(values: number[]): string {
  const [low, high] = [Math.min(...values), Math.max(...values)]
  return low === high ? thousands(low) : `${thousands(low)}–${thousands(high)}`
}

/** `text_to_image_R@5` → `T→I 5`. */
function shortName(name: RecallName): string {
  return name.replace('text_to_image_R@', 'T→I ').replace('image_to_text_R@', 'I→T ')
}
