import { grouped } from '../../base/grouped.ts'
import { type FreeQueryMetrics, freeQueryMetricNames } from '../../eval/free-queries.ts'
import { languageName, percent, percentInterval, rowLabel, thousands } from '../format.ts'
import { type FreeQueryRow, modelNames, type Report } from '../schema.ts'
import type { ReportTable, TableCell, TableColumn } from './table.ts'

const abouts: Record<keyof FreeQueryMetrics, string> = {
  'precision@5': 'share of the first five images that are relevant',
  'hit@5': 'share of queries with a relevant image among the first five',
  'ndcg@10': 'normalised discounted cumulative gain of the first ten, gains 0 and 1',
}

/** A table a protocol of free queries: models and languages, all kinds together, with chance beside. */
export function freeQueryTables(report: Report): ReportTable[] {
  const totals = (report.freeQueries ?? []).filter(({ kind }) => kind === undefined)
  return [...grouped(totals, ({ protocol }) => protocol)].map(([protocol, rows]) => ({
    title: `${protocol}: ${range(rows, 'queries')} queries a language among ${range(rows, 'gallery')} images, percent`,
    columns: [
      { title: 'model', isText: true },
      { title: 'language', isText: true },
      ...freeQueryMetricNames.flatMap((name): TableColumn[] => [
        { title: name === 'ndcg@10' ? 'NDCG@10' : name, about: abouts[name] },
        ...(name === 'precision@5' ? [{ title: '95 %', about: 'bootstrap interval of precision@5 over the queries' }] : []),
        { title: 'chance', about: `expected ${name} of a random order` },
      ]),
      { title: 'kept', about: "precision@5 over the teacher's, percent" },
    ],
    rows: sorted(rows).map((row) => cellsOf(row, report)),
    notes: ['Queries as people type them, each with several relevant images. Chance is exact: what images in random order are expected to score.'],
  }))
}

/** precision@5 by kind of query: a row a kind and language, a column a model; undefined where there are none. */
export function freeQueryKinds(report: Report): ReportTable | undefined {
  const all = (report.freeQueries ?? []).filter(({ kind }) => kind !== undefined)
  const rows = all.filter(({ protocol }) => protocol === all[0]!.protocol)
  if (rows.length === 0) return undefined
  const labels = [...new Set(sorted(rows).map((row) => labelOf(row, report)))]
  const sets = [...grouped(rows, ({ kind, language }) => JSON.stringify([kind, language])).values()]
  return {
    title: `${rows[0]!.protocol}, precision@5 by kind of query, percent`,
    columns: [
      { title: 'kind', isText: true },
      { title: 'language', isText: true },
      { title: 'queries' },
      ...labels.map((title) => ({ title })),
      { title: 'chance' },
    ],
    rows: sets.map((set) => [
      set[0]!.kind!,
      languageName(set[0]!.language),
      set[0]!.queries,
      ...labels.map((label) => percent(set.find((row) => labelOf(row, report) === label)?.metrics['precision@5'])),
      percent(set[0]!.chance['precision@5']),
    ]),
  }
}

function cellsOf(row: FreeQueryRow, report: Report): TableCell[] {
  const { metrics, chance, interval95, retention } = row
  const [precision, hit, ndcg] = freeQueryMetricNames.map((name) => [percent(metrics[name]), percent(chance[name])] as const)
  const interval = interval95['precision@5']
  return [
    labelOf(row, report),
    languageName(row.language),
    precision![0],
    { text: percentInterval(interval), value: interval[0] },
    precision![1],
    ...hit!,
    ...ndcg!,
    percent(retention?.['precision@5']),
  ]
}

function labelOf(row: FreeQueryRow, { results, freeQueries = [] }: Report): string {
  return rowLabel(row, [...results, ...freeQueries])
}

function sorted(rows: readonly FreeQueryRow[]): FreeQueryRow[] {
  const languages = [...new Set(rows.map((row) => row.language))]
  return rows.toSorted(
    (a, b) => languages.indexOf(a.language) - languages.indexOf(b.language) || modelNames.indexOf(a.model) - modelNames.indexOf(b.model),
  )
}

function range(rows: readonly FreeQueryRow[], name: 'queries' | 'gallery'): string {
  const [low, high] = [Math.min(...rows.map((row) => row[name])), Math.max(...rows.map((row) => row[name]))]
  return low === high ? thousands(low) : `${thousands(low)}–${thousands(high)}`
}
