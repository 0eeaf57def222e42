import type { Comparison } from '../eval/compare.ts'
import type { EvaluatedRun } from './runs.ts'
import { differenceTable, runTable, settingTable } from './tables/comparison.ts'
import { escapeMarkdown, tableMarkdown } from './tables/markdown.ts'

/** A comparison as Markdown, readable in a terminal too: every other run against the first, task by task. Ends with a newline. */
export function renderComparison(comparison: Comparison): string {
  const table = differenceTable(comparison)
  return `${escapeMarkdown(table.title)}\n\n${tableMarkdown(table)}\n`
}

/** Size, speed and effort of the compared model in each run, and the settings in which the runs differ. Ends with a newline. */
export function renderRuns(runs: readonly EvaluatedRun[], comparison: Pick<Comparison, 'model'>): string {
  const tables = [runTable(runs, comparison), settingTable(runs)].filter((table) => table !== undefined)
  return tables.map((table) => `${escapeMarkdown(table.title)}:\n\n${tableMarkdown(table)}\n`).join('\n')
}
