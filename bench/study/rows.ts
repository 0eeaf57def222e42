import { grouped } from '../../base/grouped.ts'
import { mean } from '../../eval/metrics.ts'
import type { Result } from './results.ts'

/** What the runs of one row (its seeds) have in common. */
export interface Row {
  name: string
  /** One a seed. */
  runs: Result[]
  settings: Record<string, unknown>
  /** Measures that at least one run has. */
  measures: Record<string, Spread>
}

export interface Spread {
  mean: number
  /** Sample standard deviation; undefined for a single run. */
  deviation?: number
}

/** Puts the runs of each row together, rows in order of appearance. */
export function rowsOf(results: readonly Result[]): Row[] {
  return [...grouped(results, ({ row }) => row)].map(([name, runs]) => {
    const measured = [...new Set(runs.flatMap(({ measures }) => Object.keys(measures)))]
    const valuesOf = (measure: string) => runs.flatMap(({ measures }) => measures[measure] ?? [])
    return { name, runs, settings: runs[0]!.settings, measures: Object.fromEntries(measured.map((measure) => [measure, spread(valuesOf(measure))])) }
  })
}

/** Where the runs of these rows were timed, each machine once. */
export function machinesOf(rows: readonly Row[]): string {
  return [...new Set(rows.flatMap(({ runs }) => runs.map(({ machine }) => machine)))].join('; ')
}

/** Mean over languages of `recall.LANG` (or of another measure), spread over runs. */
export function meanRecall({ runs }: Row, languages: readonly string[], measure = 'recall'): Spread {
  return spread(runs.map((run) => recallOf(run, languages, measure)))
}

function recallOf({ measures }: Result, languages: readonly string[], measure = 'recall'): number {
  return mean(languages.map((language) => measures[`${measure}.${language}`] ?? Number.NaN))
}

/**
 * How far one row is above another in mean recall over languages, seed by seed: what a seed does to both of them drops out.
 * undefined where they have no seed in common.
 */
export function leadOver(row: Row, other: Row, languages: readonly string[]): Spread | undefined {
  const leads = row.runs.flatMap((run) => {
    const twin = other.runs.find(({ seed }) => seed === run.seed)
    return twin ? [recallOf(run, languages) - recallOf(twin, languages)] : []
  })
  return leads.length > 0 ? spread(leads) : undefined
}

/** The best of the rows with most seeds. */
export function winnerOf(rows: readonly Row[], languages: readonly string[]): Row {
  const most = Math.max(...rows.map(({ runs }) => runs.length))
  const recall = (row: Row) => meanRecall(row, languages).mean
  return rows.filter(({ runs }) => runs.length === most).reduce((best, row) => (recall(row) > recall(best) ? row : best))
}

/** Best row first, by the lead over the winner: rows of fewer seeds are compared with it on these alone. */
export function ranked(rows: readonly Row[], languages: readonly string[]): Row[] {
  const winner = winnerOf(rows, languages)
  const lead = (row: Row) => leadOver(row, winner, languages)?.mean ?? Number.NEGATIVE_INFINITY
  return rows.toSorted((a, b) => lead(b) - lead(a))
}

export function spread(values: readonly number[]): Spread {
  const middle = mean(values)
  if (values.length < 2) return { mean: middle }
  return { mean: middle, deviation: Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1)) }
}

/** `54.8 ± 0.3`, or the mean alone for a single run; `–` where there is none. `factor` 100 makes percent of shares. */
export function showSpread(spread: Spread | undefined, factor = 1, digits = 1): string {
  if (!spread) return '–'
  const middle = (factor * spread.mean).toFixed(digits)
  return spread.deviation === undefined ? middle : `${middle} ± ${(factor * spread.deviation).toFixed(digits)}`
}
