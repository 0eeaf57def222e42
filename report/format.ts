import { headlineOf } from '../eval/headline.ts'
import { recallNames } from '../eval/metrics.ts'
import type { Report, ReportModel, ReportResult } from './schema.ts'
import { modelNames } from './schema.ts'

/** 0.4136 → `41.4`; absent → `–`. Percent with one decimal, without the sign: tables say it once in the head. */
export function percent(fraction: number | undefined): string {
  return fraction === undefined ? '–' : (100 * fraction).toFixed(1)
}

/** [0.39, 0.44] → `39.0–44.0`. */
export function percentInterval(interval: readonly [number, number] | undefined): string {
  return interval === undefined ? '–' : `${percent(interval[0])}–${percent(interval[1])}`
}

/** 1_240_000 → `1.24 M`, 950 → `950`. */
export function parameterCount(count: number): string {
  return count >= 10_000 ? `${(count / 1e6).toFixed(2)} M` : String(count)
}

/** 4_960_000 → `5.0 MB` (1 MB = 10⁶ bytes). */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e6 ? 2 : 1)} MB`
}

/** `1,194`. */
export function thousands(count: number): string {
  return count.toLocaleString('en-US')
}

/** `zh` → `Chinese`; a code that is not known stays as it is. */
export function languageName(code: string): string {
  try {
    return new Intl.DisplayNames(['en'], { type: 'language' }).of(code) ?? code
  } catch {
    return code
  }
}

/** Parameters of both towers. */
export function totalParameters(model: ReportModel): number {
  return model.parameters.image + model.parameters.text
}

/** Median ranks may end in .5. */
export function rank(value: number | undefined): string {
  return value === undefined ? '–' : value.toFixed(1).replace(/\.0$/, '')
}

/** The rows of one corpus, protocol and language, as tables show them. */
export interface ResultTable {
  corpus: string
  protocol: string
  language: string
  rows: ReportResult[]
}

/** Groups results into tables, in the order in which protocols and languages first appear; rows in the order of modelNames. */
export function resultTables(results: readonly ReportResult[]): ResultTable[] {
  const tables = new Map<string, ResultTable>()
  for (const row of results) {
    const { corpus, protocol, language } = row
    const key = JSON.stringify([corpus, protocol, language])
    const table = tables.get(key) ?? { corpus, protocol, language, rows: [] }
    table.rows.push(row)
    tables.set(key, table)
  }
  for (const table of tables.values()) table.rows.sort((a, b) => modelNames.indexOf(a.model) - modelNames.indexOf(b.model))
  return [...tables.values()]
}

/** `student`, or `student q8` where the report holds that model in several formats. */
export function rowLabel(row: ReportResult, results: readonly ReportResult[]): string {
  const several = results.some((other) => other.model === row.model && other.dtype !== row.dtype)
  return several ? `${row.model} ${row.dtype}` : row.model
}

/** A row's cells in tables of plain text: its label, the six recalls, their mean with its interval, the median rank, what it kept. */
export function resultCells(row: ReportResult, results: readonly ReportResult[]): string[] {
  return [
    rowLabel(row, results),
    ...recallNames().map((name) => percent(row.metrics[name])),
    percent(row.metrics.mean_recall),
    percentInterval(row.interval95?.mean_recall),
    rank(row.metrics.median_rank),
    percent(row.retention),
  ]
}

/** The protocol a summary speaks of, see headlineOf. */
export function headlineProtocol(report: Pick<Report, 'results'>): { corpus: string; protocol: string } | undefined {
  const students = report.results.filter((row) => row.model === 'student')
  const rows = students.length > 0 ? students : report.results
  const name = headlineOf(rows.map(({ protocol }) => protocol))
  return rows.find(({ protocol }) => protocol === name)
}

/** The rows a summary speaks of: the student (else the first model) on the headline protocol, in fp32 where it has that. */
export function headlineRows(report: Report): ReportResult[] {
  const headline = headlineProtocol(report)
  const rows = report.results.filter(
    (row) => row.protocol === headline?.protocol && row.corpus === headline.corpus && row.metrics.mean_recall !== undefined,
  )
  const subject = rows.find((row) => row.model === 'student') ?? rows[0]
  const own = rows.filter((row) => row.model === subject?.model)
  const dtype = own.some((row) => row.dtype === 'fp32') ? 'fp32' : subject?.dtype
  return own.filter((row) => row.dtype === dtype)
}
