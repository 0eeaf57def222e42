import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { availableParallelism, cpus } from 'node:os'
import { join } from 'node:path'
import { UserError } from '../../base/errors.ts'
import { nearest } from '../../base/nearest.ts'
import { stage1Settings } from '../../training/stage1-settings.ts'
import type { Flags } from '../subject.ts'
import type { Job } from './jobs.ts'
import { type Place, placeFlags, type World } from './place.ts'
import { type Result, type ResultsFile, resultsFile } from './results.ts'
import { runJob } from './run-job.ts'

/** Raised whenever the same settings would give another result, so that what is recorded is not taken for it. */
const recipe = 1

/** Flags of every study that trains, with their defaults. */
export const studyFlags = { seeds: '3', steps: stage1Settings.parse({}).steps, only: '', shard: '1/1', ...placeFlags }

/** One run of a study: what is done, and under which name and seed it is recorded. */
export interface PlannedRun {
  row: string
  seed: number
  /** What distinguishes the row, for those who read the record. */
  settings: Record<string, string | number | boolean>
  job: Job
}

/** Names results file and run folders, says what a key has to hold beside the run, and what there is to do. */
export interface Study {
  name: string
  place: Place
  world: World
  /** Runs that are the same for every seed. */
  once?: PlannedRun[]
  /** Seeds count from 1. */
  runsOf(seed: number): PlannedRun[]
}

/** Recorded seeds that a page takes in, whatever was asked for this time. */
const mostSeeds = 10

/**
 * Does those of a study's runs that are not recorded yet, each in a process of its own, and records each as it ends: every row of one seed
 * before the next seed. A run that was stopped goes on from its checkpoint.
 * @param flags `seeds`: how many, or which, `2-3`; `only`: names of rows; `shard`, for example `2/3`: every third run, beginning with the second
 * @throws UserError for an unknown row, malformed seeds or shards, and when a run fails
 */
export async function conduct(study: Study, flags: Flags): Promise<void> {
  const { name, place } = study
  const [part, parts] = shardOf(String(flags.shard))
  const file = resultsOf(study)
  const recorded = await file.read()
  const own = chosen(allRuns(study, seedsOf(String(flags.seeds))), String(flags.only)).filter((_, i) => i % parts === part - 1)
  const missing = own.filter((run) => !recorded.has(keyOf(study, run)))
  process.stderr.write(`${name}: ${own.length} runs, ${own.length - missing.length} of them in ${file.path}, ${missing.length} to do\n`)
  const began = performance.now()
  for (const [i, run] of missing.entries()) {
    const label = `${name}, ${run.row}, seed ${run.seed}`
    const perRun = (performance.now() - began) / 60_000 / i
    const left = i > 0 ? `, about ${(perRun * (missing.length - i)).toFixed(0)} min left` : ''
    process.stderr.write(`${label}: run ${i + 1} of ${missing.length}${left}\n`)
    const key = keyOf(study, run)
    const dir = join(place.runs, `${name}-${run.row.replaceAll(':', '=')}-${run.seed}-${key.slice(0, 8)}`)
    const measures = await runJob(label, run.job, { place, dir })
    await file.append({ key, row: run.row, seed: run.seed, settings: run.settings, measures, machine: machineOf(place) })
    await rm(join(dir, 'checkpoints'), { recursive: true, force: true }) // most of a run's bytes, and no longer needed
  }
}

/** What is recorded of a study, whoever did it and when, in the order of its runs. */
export async function recordedOf(study: Study): Promise<Result[]> {
  const found = await resultsOf(study).read()
  return allRuns(study, range(1, mostSeeds)).flatMap((run) => found.get(keyOf(study, run)) ?? [])
}

function allRuns({ once = [], runsOf }: Study, seeds: number[]): PlannedRun[] {
  return [...once, ...seeds.flatMap(runsOf)]
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i)
}

/** `3` is 1, 2, 3; `2-3` is 2, 3. */
function seedsOf(text: string): number[] {
  const [, from, to] = /^(?:(\d+)-)?(\d+)$/.exec(text) ?? []
  const seeds = range(Number(from ?? 1), Number(to ?? 0))
  if (seeds.length > 0 && seeds[0]! > 0 && seeds.at(-1)! <= mostSeeds) return seeds
  const hint = '3 stands for 1, 2 and 3; 2-3 for 2 and 3.'
  throw new UserError({ where: '--seeds', expected: `how many seeds, at most ${mostSeeds}, or the first and the last`, got: text, hint })
}

function resultsOf({ name, place }: Study): ResultsFile {
  return resultsFile(join(place.out, `${name}.jsonl`))
}

/** What is switched off has no say, so that a setting that is added later, switched off, leaves recorded runs as they are. */
function keyOf({ world }: Study, { job, seed }: PlannedRun): string {
  return createHash('sha256')
    .update(JSON.stringify([recipe, world.hash, job, seed], (_, value) => (value === false ? undefined : value)))
    .digest('hex')
    .slice(0, 16)
}

function chosen(runs: readonly PlannedRun[], only: string): readonly PlannedRun[] {
  if (only === '') return runs
  const rows = [...new Set(runs.map(({ row }) => row))]
  const named = only.split(',')
  const unknown = named.find((name) => !rows.includes(name))
  if (unknown === undefined) return runs.filter(({ row }) => named.includes(row))
  throw new UserError({ where: '--only', expected: `rows among ${rows.join(', ')}`, got: unknown, hint: `Did you mean ${nearest(unknown, rows)}?` })
}

function shardOf(text: string): [part: number, parts: number] {
  const [part = 0, parts = 0, ...more] = text.split('/').map(Number)
  if (Number.isInteger(part) && Number.isInteger(parts) && part >= 1 && part <= parts && more.length === 0) return [part, parts]
  throw new UserError({ where: '--shard', expected: 'PART/PARTS, for example 1/2', got: text, hint: 'Each machine takes a part of its own.' })
}

function machineOf({ threads = availableParallelism() }: Place): string {
  return `${cpus()[0]?.model.trim() || process.arch}, ${threads} of ${availableParallelism()} cores`
}
