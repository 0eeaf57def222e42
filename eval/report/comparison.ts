import { markdownTable } from 'markdown-table'
import type { ComparedScore, Comparison } from '../compare.ts'
import { languageName, percent, percentInterval, thousands } from './format.ts'

/** Differences with a corrected p below this are marked. */
const significant = 0.05

/** A comparison as Markdown, readable in a terminal too: a row a task, the reference first. Ends with a newline. */
export function renderComparison({ model, dtype, tasks, skipped }: Comparison): string {
  const runs = [...new Set(tasks.flatMap(({ scores }) => scores.map(({ run }) => run)))]
  const [reference, ...others] = runs
  const head = ['protocol', 'language', 'n', `${reference}`, ...others.flatMap((run) => [run, 'Δ', '95 %', 'p'])]
  const body = tasks.map(({ protocol, language, queries, scores }) => {
    const of = (run: string) => scores.find((score) => score.run === run)
    return [protocol, languageName(language), thousands(queries), percent(of(reference!)?.meanRecall), ...others.flatMap((run) => cells(of(run)))]
  })
  const table = markdownTable([head, ...body], { align: ['l', 'l', ...head.slice(2).map(() => 'r')] })
  const intro = `Mean recall of ${model} ${dtype} in percent; Δ against ${reference} in points with its 95 % interval (paired bootstrap, images drawn again); p is two-sided and corrected for all differences of the table (Holm). * p < ${significant}.`
  const notes = skipped.map(({ run, task, reason }) => `- ${task}: ${run} left out, ${reason}`)
  return `${[intro, table, notes.join('\n')].filter(Boolean).join('\n\n')}\n`
}

function cells(score: ComparedScore | undefined): string[] {
  const against = score?.against
  if (!against) return ['–', '–', '–', '–']
  const { difference, interval, adjusted } = against
  const sign = difference >= 0 ? '+' : '−'
  const mark = adjusted < significant ? ' *' : ''
  return [
    percent(score.meanRecall),
    `${sign}${percent(Math.abs(difference))}`,
    percentInterval(interval).replaceAll('-', '−'),
    `${adjusted < 0.001 ? '< 0.001' : adjusted.toFixed(3)}${mark}`,
  ]
}
