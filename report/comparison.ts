import { markdownTable } from 'markdown-table'
import { type ComparedScore, type Comparison, skippedNotes } from '../eval/compare.ts'
import { languageName, megabytes, parameterCount, percent, percentInterval, thousands, totalParameters } from './format.ts'
import type { EvaluatedRun } from './runs.ts'
import { settingDifferences } from './settings.ts'

/** Differences with a corrected p below this are marked. */
const significant = 0.05

/** A comparison as Markdown, readable in a terminal too: a row a task, the reference first. Ends with a newline. */
export function renderComparison(comparison: Comparison): string {
  const { model, dtype, tasks } = comparison
  const runs = [...new Set(tasks.flatMap(({ scores }) => scores.map(({ run }) => run)))]
  const [reference, ...others] = runs
  const head = ['protocol', 'language', 'n', `${reference}`, ...others.flatMap((run) => [run, 'Δ', '95 %', 'p'])]
  const body = tasks.map(({ protocol, language, queries, scores }) => {
    const of = (run: string) => scores.find((score) => score.run === run)
    return [
      protocol,
      languageName(language),
      thousands(queries),
      percent(of(reference!)?.metrics.mean_recall),
      ...others.flatMap((run) => cells(of(run))),
    ]
  })
  const table = markdownTable([head, ...body], { align: ['l', 'l', ...head.slice(2).map(() => 'r')] })
  const intro = `Mean recall of ${model} ${dtype} in percent; Δ against ${reference} in points with its 95 % interval (paired bootstrap, images drawn again); p is two-sided and corrected for all differences of the table (Holm). * p < ${significant}.`
  const notes = skippedNotes(comparison).map((note) => `- ${note}`)
  return `${[intro, table, notes.join('\n')].filter(Boolean).join('\n\n')}\n`
}

/** Size, speed and effort of the compared model in each run, and the settings in which the runs differ. Ends with a newline. */
export function renderRuns(runs: readonly EvaluatedRun[], { model, dtype }: Pick<Comparison, 'model' | 'dtype'>): string {
  const body = runs.map(({ name, report }) => {
    const { [model as 'student']: facts } = report.models
    const { minutes, seed, commit } = report.provenance
    const bytes = facts?.bytes[dtype as 'fp32']
    const time = facts?.latency?.[dtype as 'fp32']
    return [
      name,
      facts ? parameterCount(totalParameters(facts)) : '–',
      bytes === undefined ? '–' : megabytes(bytes),
      time ? `${time.image.toFixed(2)} + ${time.text.toFixed(2)}` : '–',
      minutes.toFixed(1),
      String(seed),
      commit?.slice(0, 7) ?? '–',
    ]
  })
  const head = ['run', 'parameters', dtype, 'ms for an image + a text', 'minutes', 'seed', 'commit']
  const parts = [markdownTable([head, ...body], { align: ['l', 'r', 'r', 'r', 'r', 'r', 'l'] })]
  const settings = settingDifferences(runs)
  const escaped = (text: string) => text.replaceAll('|', '\\|')
  if (settings.length > 0) {
    const rows = settings.map(({ name, values }) => [name, ...values.map(escaped)])
    parts.push('Settings that differ:', markdownTable([['setting', ...runs.map(({ name }) => name)], ...rows]))
  }
  return `${parts.join('\n\n')}\n`
}

function cells(score: ComparedScore | undefined): string[] {
  const against = score?.against
  if (!against) return ['–', '–', '–', '–']
  const { difference, interval, adjusted } = against
  const sign = difference >= 0 ? '+' : '−'
  const mark = adjusted < significant ? ' *' : ''
  return [
    percent(score.metrics.mean_recall),
    `${sign}${percent(Math.abs(difference))}`,
    percentInterval(interval).replaceAll('-', '−'),
    `${adjusted < 0.001 ? '< 0.001' : adjusted.toFixed(3)}${mark}`,
  ]
}
