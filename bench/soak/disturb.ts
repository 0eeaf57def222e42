import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { DiskCall } from '../../base/disk.ts'
import { differences, type Files, filesOf, leftOvers, resultsOf } from './files.ts'
import { type Job, type JobPlace, removeOuts } from './jobs.ts'
import type { Runner } from './runner.ts'
import type { DiskError, RunReply } from './runner-process.ts'

/** A job that ran undisturbed. */
export interface Known {
  job: Job
  /** What it wrote. */
  files: Files
  results: Files
  /** Its calls to the disk when it runs as it is to be disturbed: over an older result, or with nothing there. */
  calls: DiskCall[]
}

/** Runs a job until its result is there. Throws where it fails. */
export async function learn(place: JobPlace, job: Job, runner: Runner): Promise<Known> {
  const first = await runner.run({ args: job.args })
  const second = job.before === 'older' ? await runner.run({ args: over(job) }) : first
  for (const reply of [first, second]) if (typeof reply === 'string' || reply.code !== 0) throw new Error(`${job.name}: ${said(reply)}`)
  const files = await filesOf(place, job)
  return { job, files, results: resultsOf(files, job), calls: (second as RunReply).calls }
}

/**
 * Runs a job whose disk call number `at` fails, that one alone, and once more as if nothing had been. → what may not be, in words: an exit code other than 2, a message
 * without the path, something half-written that stays, an older result that is gone or changed, a second run that fails or ends in other bytes
 */
export async function failOnce(place: JobPlace, known: Known, runner: Runner, at: number, code: DiskError): Promise<string[]> {
  const { job } = known
  if (job.before === 'nothing') await removeOuts(place, job)
  const before = await filesOf(place, job)
  const reply = await runner.run({ args: over(job), disturbance: { kind: 'fail', at, code } })
  if (typeof reply === 'string') return [reply]
  const call = reply.calls[at]
  if (!call) return [] // writes of one file may be fewer from time to time
  const faults: string[] = []
  const isLock = call.name === 'rm' && call.path.endsWith('.lock')
  if (reply.code !== (isLock ? 0 : 2)) faults.push(`exit code ${reply.code}: ${reply.said}`)
  else if (!/ENOSPC|EIO|EACCES|EROFS|full disk/.test(reply.said) || !reply.said.includes(place.dir)) faults.push(`no path in: ${reply.said}`)
  const left = (await leftOvers(place)).filter((name) => !isExcused(name, call, place))
  if (left.length > 0) faults.push(`left ${left.join(', ')}`)
  if (isLock) {
    await rm(call.path)
    return faults
  }
  const changed = job.before === 'older' ? differences(await filesOf(place, job), before) : strangers(await filesOf(place, job), known.files)
  if (changed.length > 0 && !hasLearnt(reply.calls)) faults.push(`changed ${changed.join(', ')}`)
  return [...faults, ...(await runAgain(place, known, runner, over(job)))].map((fault) => `${call.name} ${call.path}: ${fault}`)
}

/**
 * Kills a job so many ms after its disk call number `at`, and calls it again. → what may not be, in words: a second call that fails, other bytes, something half-written
 * that is still there after it
 */
export async function killOnce(place: JobPlace, known: Known, runner: Runner, at: number, after: number): Promise<string[]> {
  const { job } = known
  if (job.before === 'nothing' || job.onward) await removeOuts(place, job)
  const reply = await runner.run({ args: job.onward ? job.args : over(job), disturbance: { kind: 'kill', at, after } })
  if (reply === 'hung') return [reply]
  if (reply !== 'killed') return [] // it had ended before
  const isWhole = differences(resultsOf(await filesOf(place, job), job), known.results).length === 0
  if (job.before === 'nothing' && isWhole) return [] // all but its lock was done
  const faults = await runAgain(place, known, runner, job.onward ? [...job.args, job.onward] : over(job))
  const left = await leftOvers(place)
  return left.length > 0 ? [...faults, `left ${left.join(', ')}`] : faults
}

/** → what may not be of a job that is called after it was disturbed */
async function runAgain(place: JobPlace, { job, results }: Known, runner: Runner, args: string[]): Promise<string[]> {
  const reply = await runner.run({ args })
  if (typeof reply === 'string' || reply.code !== 0) return [`again: ${said(reply)}`]
  const changed = differences(resultsOf(await filesOf(place, job), job), results)
  return changed.length > 0 ? [`again: other bytes in ${changed.join(', ')}`] : []
}

function over({ args, over }: Job): string[] {
  return over ? [...args, over] : args
}

function said(reply: RunReply | string): string {
  return typeof reply === 'string' ? reply : `exit code ${reply.code}: ${reply.said}`
}

/** Files that an undisturbed run would not leave. */
function strangers(found: Files, expected: Files): string[] {
  return [...found].filter(([name, bytes]) => !expected.get(name)?.equals(bytes)).map(([name]) => name)
}

/** A run takes the place of an older one from its first checkpoint on. */
function hasLearnt(calls: DiskCall[]): boolean {
  return calls.some(({ name, path }) => name === 'rename' && /checkpoints.step-\d+$/.test(path))
}

/** What could not be removed stays, until the next call of the command. */
function isExcused(name: string, { name: call, path }: DiskCall, { dir }: JobPlace): boolean {
  return call === 'rm' && (join(dir, name) === path || join(dir, name).startsWith(`${path}/`))
}
