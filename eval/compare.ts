import { UserError } from '../base/errors.ts'
import { grouped } from '../base/grouped.ts'
import { progress } from '../base/progress.ts'
import { type BootstrapOptions, bootstrapMeanRecall, type Interval, pairedBootstrapRetrieval } from './bootstrap.ts'
import { type MetricName, retrievalMetrics } from './metrics.ts'
import { rankedDirections, type SavedRanks } from './ranks-file.ts'

/** A run and the ranks its evaluation left. */
export interface RankedRun {
  name: string
  ranks: readonly SavedRanks[]
}

export interface CompareOptions extends BootstrapOptions {
  /** Of each difference; default 2000, or 100 for each difference where there are more than 20. */
  resamples?: number
  /** Whose ranks in each run; default `student` in fp32. */
  model?: string
  dtype?: string
  /** Only these protocols. */
  protocols?: readonly string[]
}

/** One run's mean recall on one task, and what separates it from the reference. */
export interface ComparedScore {
  run: string
  metrics: Record<MetricName, number>
  /** Of the mean recall. */
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

/** `skipped` in sentences, one a run and reason. */
export function skippedNotes({ skipped }: Comparison): string[] {
  const sets = grouped(skipped, ({ run, reason }) => JSON.stringify([run, reason]))
  return [...sets.values()].map((set) => `${set[0]!.run} left out, ${set[0]!.reason}: ${set.map(({ task }) => task).join(', ')}`)
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
  for (const run of runs) requireModel(run, model, dtype)
  const ofModel = ({ ranks }: RankedRun) =>
    ranks.filter((saved) => saved.model === model && saved.dtype === dtype && (options.protocols?.includes(saved.protocol) ?? true))
  const skipped: Comparison['skipped'] = []
  const matches = ofModel(reference).map((base) => ({
    base,
    shared: others.flatMap((run) => {
      const other = ofModel(run).find((saved) => nameOf(saved) === nameOf(base))
      const reason = other ? mismatch(other, base) : 'it was not evaluated there'
      if (other && !reason) return [{ run: run.name, saved: other }]
      skipped.push({ run: run.name, task: nameOf(base), reason: reason! })
      return []
    }),
  }))
  for (const run of others) {
    const known = new Set(ofModel(reference).map(nameOf))
    const unknown = ofModel(run).filter((saved) => !known.has(nameOf(saved)))
    skipped.push(...unknown.map((saved) => ({ run: run.name, task: nameOf(saved), reason: `it was not evaluated in ${reference.name}` })))
  }
  const count = matches.reduce((sum, { shared }) => sum + shared.length, 0)
  if (count === 0) {
    throw new UserError({
      where: 'compare',
      expected: `a protocol and language on which ${runs.map(({ name }) => name).join(' and ')} were evaluated with ${model} ${dtype}`,
      got: skipped[0]
        ? `none (${skipped[0].task} in ${skipped[0].run}: ${skipped[0].reason})`
        : `none of ${options.protocols?.join(', ') ?? 'its tasks'} in ${reference.name}`,
      hint: 'Evaluate them with the same --corpus, --protocol and --languages.',
    })
  }
  // The smallest p of a bootstrap is 2 / resamples: with too few, no difference among many could pass the correction.
  const drawn = { ...options, resamples: options.resamples ?? Math.max(2000, 100 * count) }
  const bar = progress('compare', count, 'differences')
  let done = 0
  const tasks = matches
    .filter(({ shared }) => shared.length > 0)
    .map(({ base, shared }): ComparedTask => {
      const { corpus, protocol, language, imageToText } = base
      const scores = [scoreOf(reference.name, base, undefined, drawn)]
      for (const { run, saved } of shared) {
        scores.push(scoreOf(run, saved, base, drawn))
        bar.update(++done, nameOf(base))
      }
      return { corpus, protocol, language, queries: imageToText.ranks.length, scores }
    })
  bar.stop()
  correct(tasks.flatMap(({ scores }) => scores.flatMap(({ against }) => against ?? [])))
  return { model, dtype, tasks, skipped }
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

/** Why two evaluations under one name cannot be paired. */
function mismatch(a: SavedRanks, b: SavedRanks): string | undefined {
  if (a.task !== b.task) return 'its images or texts are not the same ones'
  const queries = ({ textToImage, imageToText }: SavedRanks) =>
    JSON.stringify([textToImage, imageToText].map(({ queries, ranks }) => queries ?? ranks.length))
  return queries(a) === queries(b) ? undefined : 'its queries are not the same ones'
}

function requireModel({ name, ranks }: RankedRun, model: string, dtype: string): void {
  const held = [...new Set(ranks.map((saved) => `${saved.model} ${saved.dtype}`))]
  if (held.includes(`${model} ${dtype}`)) return
  throw new UserError({
    where: `compare, ${name}`,
    expected: `an evaluation of ${model} ${dtype}`,
    got: held.length > 0 ? `one of ${held.join(', ')}` : 'an empty one',
    hint: 'Name what all of the runs hold with --model and --dtype.',
  })
}

function scoreOf(run: string, saved: SavedRanks, reference: SavedRanks | undefined, options: BootstrapOptions): ComparedScore {
  const ranked = rankedDirections(saved)
  const metrics = retrievalMetrics(ranked.textToImage.ranks, ranked.imageToText.ranks)
  const score = { run, metrics, interval: bootstrapMeanRecall(ranked, { seed: options.seed }) }
  if (!reference) return score
  const { difference, interval, p } = pairedBootstrapRetrieval(ranked, rankedDirections(reference), options).mean_recall
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
