import { grouped } from '../../base/grouped.ts'
import { type RecallName, recallNames } from '../../eval/metrics.ts'
import { headlineProtocol, languageName, percent, percentInterval, rank, rowLabel, thousands } from '../format.ts'
import { modelNames, type Report, type ReportResult } from '../schema.ts'
import { type ReportTable, type TableCell, type TableColumn, withColumns } from './table.ts'

const named: Record<string, TableColumn> = {
  protocol: { title: 'protocol', isText: true },
  model: { title: 'model', isText: true },
  language: { title: 'language', isText: true },
  mean: { title: 'MR', about: 'mean recall: the mean of the six' },
  interval: { title: '95 %', about: 'bootstrap interval of the mean recall' },
  rank: { title: 'rank', about: 'median rank, mean of both directions' },
  retention: { title: 'kept', about: "mean recall over the teacher's, percent" },
}

/** Of the protocols that are not the headline's, a reader wants these. */
const headlineColumns = ['protocol', 'model', 'language', 'T→I 1', 'T→I 10', 'I→T 1', 'MR', '95 %', 'kept']

/** Columns of the six recalls, `T→I 5` for `text_to_image_R@5`. */
export function recallColumns(): TableColumn[] {
  return recallNames().map((name) => ({ title: shortName(name), about: name }))
}

/** A table a protocol, every model and language in it; protocols in order of appearance, the headline protocol first. */
export function protocolTables(report: Report): ReportTable[] {
  const headline = headlineProtocol(report)
  const sets = [...grouped(report.results, ({ corpus, protocol }) => JSON.stringify([corpus, protocol])).values()]
  const isHeadline = ([row]: ReportResult[]) => row!.protocol === headline?.protocol && row!.corpus === headline.corpus
  return sets.toSorted((a, b) => Number(isHeadline(b)) - Number(isHeadline(a))).map((rows) => protocolTable(rows, report))
}

/** All protocols but the headline's in one table, with the columns that a reader wants first; undefined where there are none. */
export function otherProtocols(report: Report): ReportTable | undefined {
  const [, ...others] = protocolTables(report)
  if (others.length === 0) return undefined
  const columns = [named.protocol!, ...others[0]!.columns]
  const rows = others.flatMap(({ title, rows }) => rows.map((row) => [title.split(':')[0]!, ...row]))
  return withColumns({ title: 'other protocols, percent', columns, rows }, ({ title }) => headlineColumns.includes(title))
}

function protocolTable(rows: readonly ReportResult[], report: Report): ReportTable {
  const { protocol, corpus } = rows[0]!
  const columns = [named.model!, named.language!, ...recallColumns(), named.mean!, named.interval!, named.rank!, named.retention!]
  const title = `${protocol}: ${counts(rows)} (corpus ${corpus})`
  return { title, columns, rows: sorted(rows).map((row) => cellsOf(row, report.results)), notes: notesOf(rows, report) }
}

function cellsOf(row: ReportResult, results: readonly ReportResult[]): TableCell[] {
  const interval = row.interval95?.mean_recall
  return [
    rowLabel(row, results),
    languageName(row.language),
    ...recallNames().map((name) => percent(row.metrics[name])),
    percent(row.metrics.mean_recall),
    interval ? { text: percentInterval(interval), value: interval[0] } : '–',
    rank(row.metrics.median_rank),
    percent(row.retention),
  ]
}

/** How to read the pixel baseline, or why there is none. */
function notesOf(rows: readonly ReportResult[], { baseline = [] }: Report): string[] {
  const pixels = rows.filter(({ model }) => model === 'pixel-nn')
  if (pixels.length > 0) {
    const spreads = pixels.map(({ language, interval95 }) => `${languageName(language)} ${percentInterval(interval95?.['image_to_text_R@1'])}`)
    const gallery = range(pixels.map((row) => row.gallery))
    return [`pixel-nn names a drawing by its nearest training drawing, among ${gallery} concepts; 95 % interval of its I→T 1: ${spreads.join(', ')}.`]
  }
  const absent = baseline.find(({ protocol }) => protocol === rows[0]!.protocol)
  return absent ? [`No pixel baseline: ${absent.reason}.`] : []
}

/** Language by language in order of appearance, models in theirs. */
function sorted(rows: readonly ReportResult[]): ReportResult[] {
  const languages = [...new Set(rows.map((row) => row.language))]
  return rows.toSorted(
    (a, b) => languages.indexOf(a.language) - languages.indexOf(b.language) || modelNames.indexOf(a.model) - modelNames.indexOf(b.model),
  )
}

/** How many queries among how many candidates: one number where languages agree, a range where they do not. */
function counts(rows: readonly ReportResult[]): string {
  const models = rows.filter((row) => row.model !== 'pixel-nn')
  const counted = models.length > 0 ? models : rows
  const side = (pick: (row: ReportResult) => { queries: number; gallery: number }) =>
    `${range(counted.map((row) => pick(row).queries))} queries among ${range(counted.map((row) => pick(row).gallery))}`
  const image = side((row) => row)
  const text = side((row) => row.directions?.text_to_image ?? row)
  return text === image ? `each direction ${image}` : `text to image ${text}; image to text ${image}`
}

function range(values: number[]): string {
  const [low, high] = [Math.min(...values), Math.max(...values)]
  return low === high ? thousands(low) : `${thousands(low)}–${thousands(high)}`
}

function shortName(name: RecallName): string {
  return name.replace('text_to_image_R@', 'T→I ').replace('image_to_text_R@', 'I→T ')
}
