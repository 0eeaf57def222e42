import { UserError } from '../engine/errors.ts'
import { type BootstrapOptions, bootstrapMeanRecall, type Interval, pairedBootstrapRetrieval } from './bootstrap.ts'
import { retrievalMetrics } from './metrics.ts'
import { rankedDirections, readRanks, type SavedRanks } from './ranks-file.ts'

/** A run and the ranks its evaluation left. */
export interface RankedRun {
  name: string
  ranks: readonly SavedRanks[]
}

export interface CompareOptions extends BootstrapOptions {
  /** Whose ranks in each run; default `student` in fp32. */
  model?: string
  dtype?: string
}

/** One run's mean recall on one task, and what separates it from the reference. */
export interface ComparedScore {
  run: string
  meanRecall: number
  interval: Interval
  /** Absent for the reference itself. */
  against?: {
    /** This run's mean recall − the reference's, on the same queries. */
    difference: number
    interval: Interval
    /** Two-sided, paired bootstrap. */
    p: number
    /** p after Holm's correction for all differences of the comparison. */
    adjusted: number
  }
}

export interface ComparedTask {
  corpus: string
  protocol: string
  language: string
  queries: number
  /** The reference first. */
  scores: ComparedScore[]
}

export interface Comparison {
  model: string
  dtype: string
  tasks: ComparedTask[]
  /** What could not be compared, and why. */
  skipped: { run: string; task: string; reason: string }[]
}

/**
 * Holds runs against the first of them, task by task, on the queries they share: the same items are drawn for both, so that what is
 * hard for both cancels out (see pairedBootstrap). p-values are corrected together (Holm 1979), because with many protocols and
 * languages one in twenty would look significant by chance.
 * @throws UserError for fewer than two runs, and when they share no task
 */
export function compareRuns(runs: readonly RankedRun[], options: CompareOptions = {}): Comparison {
  const { model = 'student', dtype = 'fp32' } = options
  const [reference, ...others] = runs
  if (!reference || others.length === 0) {
    throw new UserError({ where: 'compare', expected: 'two runs or more', got: String(runs.length), hint: 'Name the folders of two evaluations.' })
  }
  const ofModel = (run: RankedRun) => run.ranks.filter((saved) => saved.model === model && saved.dtype === dtype)
  const skipped: Comparison['skipped'] = []
  const tasks = ofModel(reference).flatMap((base): ComparedTask[] => {
    const scores = others.flatMap((run): ComparedScore[] => {
      const other = ofModel(run).find((saved) => nameOf(saved) === nameOf(base))
      if (other?.task === base.task) return [scoreOf(run.name, other, base, options)]
      skipped.push({ run: run.name, task: nameOf(base), reason: other ? 'its images or texts are not the same ones' : 'it was not evaluated there' })
      return []
    })
    if (scores.length === 0) return []
    const { corpus, protocol, language, imageToText } = base
    return [{ corpus, protocol, language, queries: imageToText.ranks.length, scores: [scoreOf(reference.name, base, undefined, options), ...scores] }]
  })
  if (tasks.length === 0) {
    throw new UserError({
      where: 'compare',
      expected: `a protocol and language on which ${runs.map(({ name }) => name).join(' and ')} were evaluated with ${model} ${dtype}`,
      got: skipped[0] ? `none (${skipped[0].task} in ${skipped[0].run}: ${skipped[0].reason})` : `none in ${reference.name}`,
      hint: 'Evaluate them with the same --corpus, --protocol and --languages.',
    })
  }
  correct(tasks.flatMap(({ scores }) => scores.flatMap(({ against }) => against ?? [])))
  return { model, dtype, tasks, skipped }
}

/** compareRuns on the `ranks.json` of run folders. */
export async function compareFolders(dirs: readonly string[], options: CompareOptions = {}): Promise<Comparison> {
  return compareRuns(await Promise.all(dirs.map(async (dir) => ({ name: dir, ranks: await readRanks(dir) }))), options)
}

/**
 * Holm's step-down correction: the i-th smallest of m p-values times m − i + 1, made monotone, at most 1. Bounds the chance of any
 * false alarm without assuming that the tests are independent.
 */
export function holm(values: readonly number[]): number[] {
  const order = [...values.keys()].sort((a, b) => values[a]! - values[b]!)
  const adjusted = new Array<number>(values.length)
  let running = 0
  order.forEach((index, place) => {
    running = Math.max(running, Math.min(1, values[index]! * (values.length - place)))
    adjusted[index] = running
  })
  return adjusted
}

function scoreOf(run: string, saved: SavedRanks, reference: SavedRanks | undefined, options: BootstrapOptions): ComparedScore {
  const ranked = rankedDirections(saved)
  const meanRecall = retrievalMetrics(ranked.textToImage.ranks, ranked.imageToText.ranks).mean_recall
  const score = { run, meanRecall, interval: bootstrapMeanRecall(ranked, options) }
  if (!reference) return score
  const { difference, interval, p } = pairedBootstrapRetrieval(ranked, rankedDirections(reference), { resamples: 2000, ...options }).mean_recall
  return { ...score, against: { difference, interval, p, adjusted: p } }
}

function correct(differences: NonNullable<ComparedScore['against']>[]): void {
  const adjusted = holm(differences.map(({ p }) => p))
  differences.forEach((difference, i) => {
    difference.adjusted = adjusted[i]!
  })
}

function nameOf({ corpus, protocol, language }: SavedRanks): string {
  return `${corpus} ${protocol} ${language}`
}
