import { join } from 'node:path'
import { markdownTable } from 'markdown-table'
import writeFileAtomic from 'write-file-atomic'
import { stage1Settings } from '../stages/stage1.ts'
import { type ObjectiveRow, objectiveRows } from './objective-rows.ts'
import { openWorld, type Place, placeOf } from './study/place.ts'
import { conduct, type PlannedRun, recordedOf } from './study/plan.ts'
import { recallFigure } from './study/recall-figure.ts'
import { machinesOf, meanRecall, type Row, rowsOf, showSpread } from './study/rows.ts'
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
  const ranked = rowsOf(results).toSorted((a, b) => meanRecall(b, place.languages).mean - meanRecall(a, place.languages).mean)
  await writePage(place.out, 'objectives', report(ranked, place, steps, all.length))
  await writeFileAtomic(join(place.out, 'objectives.svg'), await recallFigure(ranked, place.languages))
}

function planned({ name, objective, keepPatches }: ObjectiveRow, seed: number, steps: number): PlannedRun {
  const asked = { objective, steps, ...(keepPatches && { keepPatches }) }
  return { row: name, seed, asked, job: { name: 'stage1', work: { settings: stage1Settings.parse({ ...asked, seed }) } } }
}

function report(ranked: Row[], { languages, corpus }: Place, steps: number, all: number): string[] {
  const task = ranked.find(({ name }) => name === 'task')
  const header = ['objectives', 'seeds', ...languages, 'mean', 'over task', 'minutes', 'ms a step']
  const lines = ranked.map((row) => {
    const over = task && row !== task ? 100 * (meanRecall(row, languages).mean - meanRecall(task, languages).mean) : undefined
    return [
      `\`${row.settings.objective}\`${row.settings.keepPatches === 1 ? ' (whole images)' : ''}`,
      String(row.runs.length),
      ...languages.map((language) => showSpread(row.measures[`recall.${language}`], 100)),
      showSpread(meanRecall(row, languages), 100),
      over === undefined ? '' : `${over > 0 ? '+' : ''}${over.toFixed(1)}`,
      showSpread(row.measures.minutes),
      showSpread(row.measures.secondsPerStep, 1000, 0),
    ]
  })
  return [
    '# Objectives compared',
    '`npm run bench -- objectives` writes this page from objectives.jsonl, which has a line for every run.',
    `Student *tiny* on ${corpus}, stage 1 alone: ${steps} steps of the same data, first weights. Validation mean recall in % (mean ± standard deviation over seeds), ` +
      `minutes of training with the features cached (runs that were stopped and resumed are not timed), median time of a step (${machinesOf(ranked)}). ${ranked.length} of ${all} rows are recorded.`,
    '![Validation mean recall by objectives](objectives.svg)',
    markdownTable([header, ...lines]),
    winner(ranked, languages),
  ]
}

/** The best row, and the rows that seeds cannot tell from it: less behind than the larger of the two deviations. */
function winner([first, ...others]: Row[], languages: string[]): string {
  const best = meanRecall(first!, languages)
  const equals = others.filter((row) => {
    const own = meanRecall(row, languages)
    return best.mean - own.mean <= Math.max(best.deviation ?? 0, own.deviation ?? 0)
  })
  const rivals =
    equals.length > 0 ? `Within one standard deviation of it: ${equals.map(({ settings }) => `\`${settings.objective}\``).join(', ')}.` : ''
  const seeds = first!.runs.length === 1 ? 'one seed, which says nothing of chance' : `${first!.runs.length} seeds`
  return `**Winner**: \`${first!.settings.objective}\`, ${showSpread(best, 100)} % (${seeds}). ${rivals}`.trim()
}
