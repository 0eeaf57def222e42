import { headlineOf } from '../eval/headline.ts'
import type { Report, ReportModel, ReportResult } from './schema.ts'

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

type LabelledRow = Pick<ReportResult, 'model' | 'dtype'>

/** `student`, or `student q8` where the report holds that model in several formats. */
export function rowLabel(row: LabelledRow, results: readonly LabelledRow[]): string {
  const several = results.some((other) => other.model === row.model && other.dtype !== row.dtype)
  return several ? `${row.model} ${row.dtype}` : row.model
}

/** `student`, or `student q8` for a format other than fp32. */
export function modelLabel({ model, dtype }: Pick<ReportResult, 'model' | 'dtype'>): string {
  return dtype === 'fp32' ? model : `${model} ${dtype}`
}

/** The retrieval protocol that a summary speaks of first, see headlineOf; undefined without results. */
export function headlineProtocol({ results, headline }: Pick<Report, 'results' | 'headline'>): { corpus: string; protocol: string } | undefined {
  const students = results.filter((row) => row.model === 'student')
  const rows = students.length > 0 ? students : results
  const name = headlineOf(
    rows.map(({ protocol }) => protocol),
    headline,
  )
  return rows.find(({ protocol }) => protocol === name)
}

/** All protocols that a summary speaks of, the first one as headlineProtocol says. */
export function headlineProtocols(report: Report): string[] {
  const first = headlineProtocol(report)?.protocol
  const free = (report.freeQueries ?? []).map(({ protocol }) => protocol)
  const known = new Set([...report.results.map(({ protocol }) => protocol), ...free])
  const named = (report.headline ?? free.slice(0, 1)).filter((protocol) => known.has(protocol))
  return [...new Set([...(first === undefined ? [] : [first]), ...named])]
}

/** The rows a summary speaks of: the student (else the first model) on the headline protocol, in fp32 where it has that. */
export function headlineRows(report: Report): ReportResult[] {
  const headline = headlineProtocol(report)
  const rows = report.results.filter(
    (row) => row.protocol === headline?.protocol && row.corpus === headline.corpus && row.metrics.mean_recall !== undefined,
  )
  const subject = rows.find((row) => row.model === 'student') ?? rows[0]
  const formats = rows.filter((row) => row.model === subject?.model)
  const dtype = formats.some((row) => row.dtype === 'fp32') ? 'fp32' : subject?.dtype
  return formats.filter((row) => row.dtype === dtype)
}
