import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { appendFile, mkdir, rm, writeFileAtomic } from '../base/disk.ts'
import { UserError } from '../base/errors.ts'
import { progress } from '../base/progress.ts'
import { currentWatch, notice, toItsEnd } from '../base/watch.ts'
import { assertSameRun, dropLatestCheckpoint, type Identity, readLatestCheckpoint, restoreInto, writeCheckpoint } from './checkpoint.ts'
import type { LogMirror } from './events/event-file.ts'
import { gradientOf } from './gradients.ts'
import { notFinite, recordRate, type Stop, stopsFile, withLowerRate } from './not-finite.ts'
import { type AdamWOptions, adamw, type Gradients } from './optim/adamw.ts'
import { accumulate, clipScale, globalNorm } from './optim/gradients.ts'
import type { Schedule } from './optim/schedule.ts'
import { type Params, paramData } from './params.ts'
import { waitingShare } from './waiting-share.ts'

/** One micro-batch: data, and what computes its loss and gradients. */
export interface MicroBatch {
  /** Scalars, `loss` among them, and `gradient:NAME` of every parameter that the loss reaches. */
  run(params: Record<string, Float32Array>): Promise<Record<string, Float32Array>>
  /** Stands before the names of its scalars in the log, but not before `loss`, which is the sum over all. */
  prefix?: string
  /** What it is made of, by name: keys of images, or texts. */
  contents?(): string[]
}

export interface Training {
  /** Shown in progress lines. */
  label: string
  /** Updated in place. */
  params: Params
  /** Names of the parameters that learn. */
  trained: string[]
  steps: number
  /** A pure function of its arguments: a resumed run asks for the same batches. */
  batch(step: number, micro: number): Promise<MicroBatch>
  /** Milliseconds that batches have waited for their data so far; absent: nothing is said of it. */
  waited?(): number
  /** Micro-batches of every source whose gradients are averaged into one update. */
  accumulate?: number
  /** Sources whose losses are added up: a step has accumulate · sources micro-batches, number i from source i mod sources. Default: 1. */
  sources?: number
  schedule: Schedule
  optimizer?: Partial<AdamWOptions>
  /** Global gradient norm above which gradients are scaled down. */
  clipNorm?: number
  /** Gets log.jsonl and checkpoints/. */
  dir: string
  identity: Identity
  resume?: boolean
  logEvery?: number
  checkpointEvery?: number
  /** Called every `every` steps and at the end; its numbers go into the log. */
  evaluate?: { every: number; run(): Promise<Record<string, number>> }
  /** What parameters may and may not do. */
  constraint?: Constraint
  /** Opens what is to get every line of the log, too; called with the step that this process begins at. */
  mirror?(start: number): Promise<LogMirror>
}

export interface Constraint {
  /** Changes gradients, by parameter, before they are measured and clipped. */
  beforeUpdate(gradients: Gradients): void
  /** Changes parameters after update number `step`, counted from 0. All that it depends on must be in `params` or follow from the step. */
  afterUpdate(step: number, learningRate: number): Promise<void>
}

export interface TrainingResult {
  /** Last step's loss; NaN when a finished run is resumed. */
  loss: number
  /** Steps per second over this process's part of the run, evaluation and checkpoints included. */
  stepsPerSecond: number
  /** Share of their time in which the steps of this process waited for data, evaluation and checkpoints left out; NaN where there were none. */
  waitingShare?: number
}

/**
 * The only training loop: batch → gradients → clip → AdamW → constraint → log → evaluate → checkpoint.
 * @throws UserError when the loss stops being finite (recorded in not-finite.json), when `resume` finds other settings, and (exit code 130) after Ctrl-C,
 *   once a checkpoint is written
 */
export async function train(training: Training): Promise<TrainingResult> {
  const { params, trained, steps, dir, identity, logEvery = 10, checkpointEvery = 500, clipNorm = 1 } = training
  const optimizer = adamw(params, trained, training.optimizer)
  const checkpoints = join(dir, 'checkpoints')
  await mkdir(dir)
  let start = 0
  if (!training.resume) for (const path of [checkpoints, join(dir, stopsFile)]) await rm(path) // an older run's would be the latest
  const saved = training.resume ? await readLatestCheckpoint(checkpoints) : undefined
  if (saved) {
    assertSameRun(dir, await withLowerRate(dir, saved.identity, identity), identity)
    await recordRate(dir, identity.learningRate)
    restoreInto(params, saved.params)
    restoreInto(optimizer.state, saved.optimizer.state)
    optimizer.steps = saved.optimizer.steps
    start = saved.step
  }
  const mirror = await training.mirror?.(start)
  const log = await openLog(join(dir, 'log.jsonl'), start, mirror)
  let savedAt = saved?.step
  const save = async (step: number) => {
    await writeCheckpoint(checkpoints, { step, params, optimizer, identity })
    savedAt = step
  }
  const interrupt = onInterrupt()
  const bar = progress(training.label, steps, 'steps', start)
  const began = performance.now()
  const waiting = training.waited && waitingShare(training.waited)
  let loss = Number.NaN
  let lastFinite: Stop['lastFinite']
  try {
    for (let step = start; step < steps; step++) {
      const stepBegan = performance.now()
      const { gradients, scalars, contents } = await gradientsOf(training, step)
      training.constraint?.beforeUpdate(gradients)
      const norm = globalNorm(gradients) / (training.accumulate ?? 1)
      loss = scalars.loss!
      if (!Number.isFinite(loss) || !Number.isFinite(norm)) {
        const numbers = { step: step + 1, loss: `${loss}`, gradientNorm: `${norm}`, lastFinite }
        const stop = { ...numbers, learningRate: Number(identity.learningRate ?? training.schedule(step)), batch: contents() }
        throw await notFinite(dir, training.label, stop, await lastGood(checkpoints, savedAt, step))
      }
      lastFinite = { step: step + 1, loss, gradientNorm: norm }
      const learningRate = training.schedule(step)
      optimizer.update(gradients, learningRate, clipScale(norm, clipNorm) / (training.accumulate ?? 1))
      await training.constraint?.afterUpdate(step, learningRate)
      waiting?.add(performance.now() - stepBegan)
      const done = step + 1
      const stepsPerSecond = (done - start) / ((performance.now() - began) / 1000)
      if (done % logEvery === 0 || done === steps) {
        const times = { stepsPerSecond, ...(waiting && { waitingShare: waiting.sinceLast() }) }
        await log({ step: done, ...scalars, learningRate, gradientNorm: norm, ...times })
      }
      bar.show(done, `loss ${loss.toFixed(3)}`)
      const { evaluate } = training
      if (evaluate && (done % evaluate.every === 0 || done === steps)) {
        bar.show(done, 'measuring')
        await log({ step: done, ...(await toItsEnd(() => evaluate.run())) })
      }
      if (done % checkpointEvery === 0 || done === steps || interrupt.requested()) await save(done)
      if (interrupt.requested()) throw interrupted(training.label, done, dir)
    }
  } finally {
    bar.stop()
    interrupt.stop()
    await mirror?.close()
  }
  return { loss, stepsPerSecond: (steps - start) / ((performance.now() - began) / 1000), waitingShare: waiting?.whole() }
}

/**
 * The newest checkpoint from whose parameters a finite loss was computed: one that was written just before `step` goes, where there is another. → its step
 */
async function lastGood(dir: string, savedAt: number | undefined, step: number): Promise<number | undefined> {
  if (savedAt !== step) return savedAt
  return await dropLatestCheckpoint(dir)
}

/** Sums the gradients of the step's micro-batches. Averages the scalars of every source; `loss` is the sum of the sources' means. */
async function gradientsOf(
  training: Training,
  step: number,
): Promise<{ gradients: Gradients; scalars: Record<string, number>; contents: () => string[] }> {
  const { accumulate: each = 1, sources = 1 } = training
  let gradients: Gradients | undefined
  const scalars: Record<string, number> = {}
  const contents: (() => string[])[] = []
  for (let micro = 0; micro < each * sources; micro++) {
    const batch = await training.batch(step, micro)
    const results = await batch.run(paramData(training.params))
    if (batch.contents) contents.push(batch.contents)
    const found = training.trained.flatMap((name) => (results[gradientOf(name)] ? [[name, results[gradientOf(name)]!] as const] : []))
    gradients = accumulate(gradients, Object.fromEntries(found))
    for (const [output, data] of Object.entries(results)) {
      if (output.startsWith(gradientOf(''))) continue
      const name = output === 'loss' ? output : `${batch.prefix ?? ''}${output}`
      scalars[name] = (scalars[name] ?? 0) + data[0]! / each
    }
  }
  return { gradients: gradients!, scalars, contents: () => contents.flatMap((of) => of()) }
}

/** Appends JSON lines; on resume, lines after the checkpoint are dropped first, so that no step stands there twice. */
async function openLog(file: string, start: number, mirror?: LogMirror): Promise<(line: Record<string, number>) => Promise<void>> {
  const lines = start > 0 && existsSync(file) ? (await readFile(file, 'utf8')).split('\n').filter((line) => stepOf(line) <= start) : []
  await writeFileAtomic(file, lines.map((line) => `${line}\n`).join(''))
  return async (line) => {
    await appendFile(file, `${JSON.stringify(line)}\n`)
    await mirror?.write(line)
  }
}

/** The step of a log line; a line that a killed process left unfinished belongs nowhere. */
function stepOf(line: string): number {
  try {
    return (JSON.parse(line) as { step: number }).step
  } catch {
    return Number.POSITIVE_INFINITY
  }
}

/** Ctrl-C once: say so, finish the step and save. Twice: leave at once. A program that watches has its signal for that. */
function onInterrupt() {
  const watch = currentWatch()
  if (watch) return { requested: () => watch.signal?.aborted ?? false, stop: () => {} }
  let requested = false
  const handler = () => {
    if (requested) process.exit(130)
    requested = true
    notice('interrupted: the step is finished and a checkpoint written; once more leaves at once')
  }
  process.on('SIGINT', handler).on('SIGTERM', handler)
  return { requested: () => requested, stop: () => void process.off('SIGINT', handler).off('SIGTERM', handler) }
}

function interrupted(label: string, step: number, dir: string): UserError {
  const hint = `A checkpoint is in ${join(dir, 'checkpoints')}: the same command with --resume goes on from step ${step}.`
  return new UserError({ where: label, expected: 'to run to the end', got: `an interrupt after step ${step}`, hint }, 130)
}
