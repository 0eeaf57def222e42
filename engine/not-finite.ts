import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeFileAtomic } from '../base/disk.ts'
import { UserError } from '../base/errors.ts'
import type { Identity } from './checkpoint.ts'

/** What a training knew when it stopped at a loss or gradient that is not finite. Numbers that may not be finite are texts. */
export interface Stop {
  /** Counted from 1, as in the log. */
  step: number
  loss: string
  gradientNorm: string
  /** The step before, if this process computed one. */
  lastFinite?: { step: number; loss: number; gradientNorm: number }
  /** The peak that the run was started with. */
  learningRate: number
  /** The images, or texts, of the batch. */
  batch: string[]
  /** The lower peak with which it was resumed. */
  resumedWith?: number
}

/** In a run's folder: its stops, the last one last. */
export const stopsFile = 'not-finite.json'
const named = 5

/** Records a stop in `dir`. → the error that tells of it; `goesOnFrom` is the step of the checkpoint that is left, if there is one */
export async function notFinite(dir: string, label: string, stop: Stop, goesOnFrom?: number): Promise<UserError> {
  await writeStops(dir, [...(await readStops(dir)), stop])
  const { step, loss, gradientNorm, lastFinite, batch } = stop
  const before = lastFinite ? `; step ${lastFinite.step} had loss ${lastFinite.loss}, gradient norm ${lastFinite.gradientNorm}` : ''
  const more = batch.length > named ? ` and ${batch.length - named} more, all in ${join(dir, stopsFile)}` : ''
  const of = batch.length > 0 ? `, of ${batch.slice(0, named).join(', ')}${more}` : ''
  const lower =
    goesOnFrom === undefined
      ? 'Lower --learning-rate or lengthen --warmup, start over with --force'
      : `The same command with --resume and a lower --learning-rate goes on from step ${goesOnFrom}`
  return new UserError({
    where: `${label}, step ${step}`,
    expected: 'a finite loss and gradient',
    got: `loss ${loss}, gradient norm ${gradientNorm}${of}${before}`,
    hint: `${lower}; check the data for values that are not finite.`,
  })
}

/**
 * A run that stopped in `dir` may go on with a lower learning rate, and only that one from then on. → what it was started with, with the rate of the present
 * call where that is so; else as it was
 * @param key the learning rate's name in both
 */
export async function withLowerRate(dir: string, saved: Identity, present: Identity, key = 'learningRate'): Promise<Identity> {
  const last = (await readStops(dir)).at(-1)
  const [before, rate] = [saved[key], present[key]]
  if (!last || before === rate || typeof rate !== 'number') return saved
  const isAllowed = last.resumedWith === undefined ? rate < last.learningRate : rate === last.resumedWith
  return isAllowed ? { ...saved, [key]: rate } : saved
}

/** Records that the run in `dir` goes on with another learning rate. */
export async function recordRate(dir: string, learningRate: Identity[string] | undefined): Promise<void> {
  const stops = await readStops(dir)
  const last = stops.at(-1)
  if (!last || last.resumedWith !== undefined || typeof learningRate !== 'number' || learningRate >= last.learningRate) return
  await writeStops(dir, stops.with(-1, { ...last, resumedWith: learningRate }))
}

/** None where the file is missing or no list: the run is then as any other. */
async function readStops(dir: string): Promise<Stop[]> {
  try {
    const stops: unknown = JSON.parse(await readFile(join(dir, stopsFile), 'utf8'))
    return Array.isArray(stops) ? stops : []
  } catch {
    return []
  }
}

async function writeStops(dir: string, stops: Stop[]): Promise<void> {
  await writeFileAtomic(join(dir, stopsFile), `${JSON.stringify(stops, null, 2)}\n`)
}
