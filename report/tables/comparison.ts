import { type ComparedScore, type ComparedTask, type Comparison, skippedNotes } from '../../eval/compare.ts'
import { recallNames } from '../../eval/metrics.ts'
import { languageName, percent, percentInterval, rank, thousands } from '../format.ts'
import type { EvaluatedRun } from '../runs.ts'
import { settingDifferences } from '../settings.ts'
import { sizeColumns, sizeRows } from './models.ts'
import { recallColumns } from './recall.ts'
import type { ReportTable, TableCell } from './table.ts'

/** Differences with a corrected p below this are called significant. */
export const significant = 0.05

/** Every other run against the first, task by task: Δ of mean recall with interval, p and a verdict. */
export function differenceTable(comparison: Comparison): ReportTable {
  const { model, dtype, tasks } = comparison
  const [reference, ...others] = [...new Set(tasks.flatMap(({ scores }) => scores.map(({ run }) => run)))]
  const rows = others.flatMap((run) => tasks.flatMap((task) => differenceRow(run, task)))
  return {
    title: `mean recall of ${model} ${dtype} against ${reference}`,
    columns: [
      { title: 'run', isText: true },
      { title: 'protocol', isText: true },
      { title: 'language', isText: true },
      { title: 'n', about: 'image to text queries' },
      { title: reference!, about: 'mean recall of the first run, percent' },
      { title: 'MR', about: 'mean recall of this run, percent' },
      { title: 'Δ', about: 'mean recall minus the first run’s, in points' },
      { title: '95 %', about: 'interval of the difference' },
      { title: 'p', about: 'two-sided, corrected for all differences of the table' },
      { title: 'verdict', isText: true },
    ],
    rows,
    notes: [
      `Mean recall in percent, Δ in points with its 95 % interval. Paired bootstrap: the same images are drawn for both runs, each with its captions, so that what is hard for both cancels out. p is two-sided and corrected for all differences of the table (Holm); significant is p < ${significant}.`,
      ...skippedNotes(comparison).map((note) => `${note}.`),
    ],
  }
}

/** All recalls of some tasks, the runs of each task together. */
export function comparedRecalls(title: string, tasks: readonly ComparedTask[]): ReportTable {
  return {
    title,
    columns: [
      { title: 'run', isText: true },
      { title: 'protocol', isText: true },
      { title: 'language', isText: true },
      ...recallColumns(),
      { title: 'MR', about: 'mean recall: the mean of the six' },
      { title: '95 %', about: 'bootstrap interval of the mean recall' },
      { title: 'rank', about: 'median rank, mean of both directions' },
    ],
    rows: tasks.flatMap(({ protocol, language, scores }) =>
      scores.map(({ run, metrics, interval }): TableCell[] => [
        run,
        protocol,
        languageName(language),
        ...recallNames().map((name) => percent(metrics[name])),
        percent(metrics.mean_recall),
        { text: percentInterval(interval), value: interval[0] },
        rank(metrics.median_rank),
      ]),
    ),
  }
}

/** Size, time and effort of the compared model in each run, a row a number format; undefined where no report knows them. */
export function runTable(runs: readonly EvaluatedRun[], { model }: Pick<Comparison, 'model'>): ReportTable | undefined {
  const rows = runs.flatMap(({ name, report }) => {
    const facts = report.models[model as 'student']
    const { minutes, seed, commit } = report.provenance
    return facts ? sizeRows(name, facts).map((row): TableCell[] => [...row, minutes.toFixed(1), String(seed), commit?.slice(0, 7) ?? '–']) : []
  })
  if (rows.length === 0) return undefined
  return {
    title: `${model}, both towers`,
    columns: [
      { title: 'run', isText: true },
      ...sizeColumns,
      { title: 'minutes', about: 'of the command that wrote the report' },
      { title: 'seed' },
      { title: 'commit', isText: true },
    ],
    rows,
  }
}

/** The settings in which runs differ; undefined where there are none. */
export function settingTable(runs: readonly EvaluatedRun[]): ReportTable | undefined {
  const differences = settingDifferences(runs)
  if (differences.length === 0) return undefined
  return {
    title: 'settings that differ; those that are the same are left out',
    columns: [{ title: 'setting', isText: true }, ...runs.map(({ name }) => ({ title: name, isText: true }))],
    rows: differences.map(({ name, values }) => [name, ...values]),
  }
}

function differenceRow(run: string, { protocol, language, queries, scores }: ComparedTask): TableCell[][] {
  const score = scores.find((entry) => entry.run === run)
  if (!score?.against) return []
  const { difference, interval, adjusted } = score.against
  return [
    [
      run,
      protocol,
      languageName(language),
      thousands(queries),
      percent(scores[0]!.metrics.mean_recall),
      percent(score.metrics.mean_recall),
      { text: signed(difference), value: difference },
      { text: `${signed(interval[0])} … ${signed(interval[1])}`, value: interval[0] },
      { text: adjusted < 0.001 ? '< 0.001' : adjusted.toFixed(3), value: adjusted },
      verdict(score.against),
    ],
  ]
}

function verdict({ difference, adjusted }: NonNullable<ComparedScore['against']>): string {
  if (adjusted >= significant) return 'not significant'
  return difference > 0 ? 'better' : 'worse'
}

function signed(fraction: number): string {
  return `${fraction < 0 ? '−' : '+'}${percent(Math.abs(fraction))}`
}
