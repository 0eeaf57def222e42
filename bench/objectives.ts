import { join } from 'node:path'
import { markdownTable } from 'markdown-table'
import writeFileAtomic from 'write-file-atomic'
import { stage1Settings } from '../stages/stage1.ts'
import { type ObjectiveRow, objectiveRows } from './objective-rows.ts'
import { openWorld, type Place, placeOf } from './study/place.ts'
import { conduct, type PlannedRun, recordedOf } from './study/plan.ts'
import { recallFigure } from './study/recall-figure.ts'
import { leadOver, machinesOf, meanRecall, type Row, ranked, rowsOf, showSpread } from './study/rows.ts'
import { writePage } from './study/write-page.ts'
import type { Flags } from './subject.ts'

/**
 * Trains the tiny student with every objective added to task, alone, and in combinations, on equal data for equal steps; writes table and figure
 * of what is recorded of these rows, and names the winner.
 */
export async function benchObjectives(flags: Flags): Promise<void> {
  const place = placeOf(flags)
  const steps = Number(flags.steps)
  const all = objectiveRows()
  const runsOf = (seed: number) => all.map((row) => planned(row, seed, steps))
  const study = { name: 'objectives', place, world: await openWorld(place), runsOf }
  await conduct(study, flags)

  const results = await recordedOf(study)
  if (results.length === 0) return // another shard's turn
  const rows = ranked(rowsOf(results), place.languages)
  await writePage(place.out, 'objectives', report(rows, place, steps, all.length))
  await writeFileAtomic(join(place.out, 'objectives.svg'), await recallFigure(rows, place.languages))
}

function planned({ name, objective, keepPatches }: ObjectiveRow, seed: number, steps: number): PlannedRun {
  const asked = { objective, steps, ...(keepPatches && { keepPatches }) }
  return { row: name, seed, asked, job: { name: 'stage1', work: { settings: stage1Settings.parse({ ...asked, seed }) } } }
}

function report(rows: Row[], { languages, corpus }: Place, steps: number, all: number): string[] {
  const task = rows.find(({ name }) => name === 'task')
  const header = ['objectives', 'seeds', ...languages, 'mean', 'over task', 'minutes', 'ms a step']
  const lines = rows.map((row) => [
    `\`${row.settings.objective}\`${row.settings.keepPatches === 1 ? ' (whole images)' : ''}`,
    String(row.runs.length),
    ...languages.map((language) => showSpread(row.measures[`recall.${language}`], 100)),
    showSpread(meanRecall(row, languages), 100),
    task && row !== task ? showSpread(leadOver(row, task, languages), 100) : '',
    showSpread(row.measures.minutes),
    showSpread(row.measures.secondsPerStep, 1000, 0),
  ])
  return [
    '# Objectives compared',
    '`npm run bench -- objectives` writes this page from objectives.jsonl, which has a line for every run.',
    `Student *tiny* on ${corpus}, stage 1 alone: ${steps} steps of the same data, first weights. Validation mean recall in % (mean ± standard deviation over seeds), ` +
      `minutes of training with the features cached (runs that were stopped and resumed are not timed), median time of a step (${machinesOf(rows)}). ` +
      'Seeds move all rows together, so rows are ranked, and *over task* is computed, seed by seed: rows with fewer seeds are compared on those alone. ' +
      `${rows.length} of ${all} rows are recorded.`,
    '![Validation mean recall by objectives](objectives.svg)',
    markdownTable([header, ...lines]),
    winner(rows, languages),
  ]
}

/** The best row, and how safely it leads: a row whose lag is within a deviation of the lags over seeds is not told from it. */
function winner([best, ...others]: Row[], languages: string[]): string {
  const lags = others.map((row) => ({ row, lag: leadOver(best!, row, languages) }))
  const named = (some: typeof lags) => some.map(({ row }) => `\`${row.settings.objective}\``).join(', ')
  const equals = lags.filter(({ lag }) => lag?.deviation !== undefined && lag.mean <= lag.deviation)
  const single = lags.filter(({ lag }) => lag?.deviation === undefined).length
  return [
    `**Winner**: \`${best!.settings.objective}\`, ${showSpread(meanRecall(best!, languages), 100)} % (seeds: ${best!.runs.length}).`,
    ...(equals.length > 0 ? [`Within one standard deviation of it: ${named(equals)}.`] : []),
    ...(single > 0 ? [`Rows that share one seed with it at most, which says little of chance: ${single}.`] : []),
  ].join(' ')
}
