import { join } from 'node:path'
import { markdownTable } from 'markdown-table'
import { writeFileAtomic } from '../base/disk.ts'
import { stage1Settings } from '../training/stage1-settings.ts'
import { type ObjectiveRow, objectiveRows } from './objective-rows.ts'
import { openWorld, type Place, placeOf } from './study/place.ts'
import { conduct, type PlannedRun, recordedOf, studyFlags } from './study/plan.ts'
import { recallFigure } from './study/recall-figure.ts'
import { leadOver, machinesOf, meanRecall, type Row, ranked, rowsOf, showSpread, winnerOf } from './study/rows.ts'
import { pageCommand, writePage } from './study/write-page.ts'
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
  const winner = winnerOf(rows, place.languages)
  await writePage(place.out, 'objectives', report(rows, winner, place, flags, all.length))
  await writeFileAtomic(join(place.out, 'objectives.svg'), await recallFigure(rows, winner, place.languages))
}

function planned({ name, objective, keepPatches }: ObjectiveRow, seed: number, steps: number): PlannedRun {
  const settings = { objective, steps, ...(keepPatches && { keepPatches }) }
  return { row: name, seed, settings, job: { name: 'stage1', work: { settings: stage1Settings.parse({ ...settings, seed }) } } }
}

function report(rows: Row[], winner: Row, { languages, corpus }: Place, flags: Flags, all: number): string[] {
  /** What a row adds to task: to task on whole images, where it sees these. */
  const task = ({ settings }: Row) => rows.find(({ name }) => name === (settings.keepPatches === 1 ? 'task-whole' : 'task'))
  const lead = (row: Row, other: Row | undefined) => (other && row !== other ? showSpread(leadOver(row, other, languages), 100) : '')
  const header = ['objectives', 'seeds', ...languages, 'mean', 'over task', 'over winner', 'minutes', 'ms a step']
  const lines = rows.map((row) => [
    `\`${row.settings.objective}\`${row.settings.keepPatches === 1 ? ' (whole images)' : ''}`,
    String(row.runs.length),
    ...languages.map((language) => showSpread(row.measures[`recall.${language}`], 100)),
    showSpread(meanRecall(row, languages), 100),
    lead(row, task(row)),
    lead(row, winner),
    showSpread(row.measures.minutes),
    showSpread(row.measures.secondsPerStep, 1000, 0),
  ])
  return [
    '# Objectives compared',
    `\`${pageCommand('objectives', flags, studyFlags)}\` writes this page from objectives.jsonl, which has a line for every run.`,
    `Student *tiny* on ${corpus}, stage 1 alone: ${flags.steps} steps of the same data, first weights. Validation mean recall in % (mean ± standard deviation over seeds), ` +
      `minutes of training with the features cached (runs that were stopped and resumed are not timed), median time of a step (${machinesOf(rows)}). ` +
      'Seeds move all rows together, so leads, *over task* and *over winner*, are computed seed by seed (rows with fewer seeds are compared on those alone), and rows are ranked by the second. Rows of whole images are compared with task on whole images. ' +
      `${rows.length} of ${all} rows are recorded.`,
    '![Validation mean recall by objectives](objectives.svg)',
    markdownTable([header, ...lines]),
    verdict(rows, winner, languages),
  ]
}

/** The winner, the best of the rows with most seeds, and what cannot be distinguished from it: rows ahead of it on fewer seeds, and those whose lag is within its deviation over seeds. */
function verdict(rows: Row[], winner: Row, languages: string[]): string {
  const lags = rows.filter((row) => row !== winner).map((row) => ({ row, lag: leadOver(winner, row, languages) }))
  const named = (label: string, some: typeof lags) =>
    some.length > 0 ? [`${label}: ${some.map(({ row }) => `\`${row.settings.objective}\``).join(', ')}.`] : []
  const ahead = lags.filter(({ lag }) => lag && lag.mean < 0)
  const equal = lags.filter(({ lag }) => lag?.deviation !== undefined && lag.mean >= 0 && lag.mean <= lag.deviation)
  return [
    `**Winner**: \`${winner.settings.objective}\`, ${showSpread(meanRecall(winner, languages), 100)} % (seeds: ${winner.runs.length}).`,
    ...named('Ahead of it on fewer seeds', ahead),
    ...named('Within one standard deviation of it', equal),
  ].join(' ')
}
