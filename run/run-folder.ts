import { existsSync, readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { isAbsolute, join, relative, resolve, sep } from 'node:path'
import type { z } from 'zod'
import { mkdir, rm, rmdir, writeFileAtomic } from '../base/disk.ts'
import { UserError } from '../base/errors.ts'
import { lock } from '../base/lock.ts'
import { decisive, flagOf, pathsIn, recorded } from '../base/setting.ts'
import { assertSameRun } from '../engine/checkpoint.ts'
import { eventPrefix } from '../engine/events/event-file.ts'
import { stopsFile, withLowerRate } from '../engine/not-finite.ts'
import { leftAside, type SetAside, setAside } from './set-aside.ts'

/** A command's call that trains. */
export interface RunCall {
  command: string
  /** Of the command: it says which settings decide what is learnt, and which name files to read. */
  schema: z.ZodObject
  config: { out: string; resume?: boolean; force?: boolean; [setting: string]: unknown }
}

/** Folders of distill's stages in its own. */
const stages = ['stage1', 'stage2', 'scratch']
const lockName = '.lock'
/** How often a run is checked for whether it has learnt something, ms. */
const lookEvery = 1000

/**
 * Does `body` in the run folder `config.out`, whose config.json records the settings. A folder that already holds a run is neither overwritten nor
 * mixed: `resume` goes on with it, `force` starts over. The old run is then set aside until the new one has its first checkpoint or student. Where
 * `body` fails before that, the folder is as it was.
 * @throws UserError when a run is there and neither was asked for, when a resumed run was started with other settings, for a model folder and for a
 *   stage of another run, when what the run reads lies in the folder that `force` would clear, and when another process works in it
 */
export async function inRunFolder<T>(call: RunCall, body: () => Promise<T>): Promise<T> {
  const dir = call.config.out
  const isNew = !existsSync(dir)
  const release = await lock(join(dir, lockName), `--out ${dir}`)
  try {
    await settle(dir, await leftAside(dir))
    const previous = await openRun(call)
    const foreign = parts(dir).flatMap((part) => [...eventFiles(part), ...[join(part, 'tokenizer')].filter(existsSync)])
    let old = previous.old
    let removing: Promise<void> | undefined
    const look = setInterval(() => {
      if (!old || !hasLearnt(dir)) return
      const done = old
      old = undefined
      removing = done.remove()
      removing.catch(() => {}) // reported below
    }, lookEvery)
    try {
      await record(call)
      return await body()
    } catch (error) {
      if (!previous.goesOn && !hasBegun(dir)) await clear(dir, foreign)
      throw error
    } finally {
      clearInterval(look)
      await removing
      await settle(dir, old)
    }
  } finally {
    await release()
    if (isNew) await rmdir(dir).catch(() => {}) // unless there is something in it
  }
}

/** Settings of the run that a folder holds; undefined where its config.json is a model's or anything else's, or there is none. */
export async function runIn(dir: string): Promise<Record<string, unknown> | undefined> {
  try {
    const config = JSON.parse(await readFile(join(dir, 'config.json'), 'utf8'))
    return config?.command ? config : undefined
  } catch {
    return undefined
  }
}

/** @throws UserError where a model folder would take the place of a run's settings, or of those of the run that is about to begin in `out` */
export async function requireNoRun(flag: string, dir: string, out?: string): Promise<void> {
  if (!(await runIn(dir)) && (out === undefined || resolve(out) !== resolve(dir))) return
  throw new UserError({
    where: `${flag} ${dir}`,
    expected: 'a folder for a model',
    got: 'the folder of a run',
    hint: `Name one in it: ${join(dir, 'export')}.`,
  })
}

/** Whether the run may begin here; sets aside the one that `force` replaces. */
async function openRun({ schema, command, config }: RunCall): Promise<{ goesOn: boolean; old?: SetAside }> {
  const { out: dir, resume, force } = config
  const previous = await runIn(dir)
  const refused = (got: string, hint: string) => new UserError({ where: `--out ${dir}`, expected: 'a new folder', got, hint })
  const foreign = previous ? undefined : ['config.json', 'log.jsonl', 'checkpoints', 'student'].find((name) => existsSync(join(dir, name)))
  if (foreign) throw refused(`a folder with a ${foreign} that is no run's`, 'Name another folder.')
  if (!previous) return { goesOn: false }
  if (resume) {
    const present = deciding(schema, { command, ...config })
    let before = deciding(schema, previous)
    for (const part of parts(dir))
      before = await withLowerRate(part, before, present, part === dir ? 'learningRate' : `${relative(dir, part)}.learningRate`)
    assertSameRun(dir, before, present)
    return { goesOn: true }
  }
  const input = pathsIn(schema, config).find(({ path }) => isInside(dir, path))
  if (input) throw refused(`the folder that ${flagOf(input.name)} is in`, 'Name another folder.')
  if (!force) throw refused('a folder that holds a run', 'Add --resume to go on with it, --force to start over, or name another folder.')
  return { goesOn: false, old: await setAside(dir, [lockName]) }
}

function deciding(schema: z.ZodObject, config: Record<string, unknown>) {
  return decisive(schema, JSON.parse(JSON.stringify(recorded(schema, config))))
}

async function record({ command, schema, config }: RunCall): Promise<void> {
  await mkdir(config.out)
  await writeFileAtomic(join(config.out, 'config.json'), `${JSON.stringify({ command, ...recorded(schema, config) }, null, 2)}\n`)
}

/** What becomes of a run that was set aside. */
async function settle(dir: string, old: SetAside | undefined): Promise<void> {
  if (!old) return
  if (hasLearnt(dir)) return old.remove()
  await clear(dir, [])
  await old.restore()
}

function parts(dir: string): string[] {
  return [dir, ...stages.map((stage) => join(dir, stage))]
}

function hasBegun(dir: string): boolean {
  return hasLearnt(dir) || parts(dir).some((part) => existsSync(join(part, 'log.jsonl')))
}

function hasLearnt(dir: string): boolean {
  return parts(dir).some((part) => existsSync(join(part, 'student')) || hasCheckpoint(join(part, 'checkpoints')))
}

function hasCheckpoint(dir: string): boolean {
  return existsSync(dir) && readdirSync(dir).some((name) => /^step-\d+$/.test(name))
}

/** Removes what a run leaves before it has learnt anything, but what was there before it. */
async function clear(dir: string, foreign: string[]): Promise<void> {
  await rm(join(dir, 'config.json'))
  for (const part of parts(dir)) {
    const left = [join(part, 'log.jsonl'), join(part, stopsFile), join(part, 'tokenizer'), ...eventFiles(part)]
    for (const path of left.filter((path) => !foreign.includes(path))) await rm(path)
  }
  for (const part of parts(dir).slice(1)) await rmdir(part).catch(() => {}) // unless there is something else in it
}

function eventFiles(dir: string): string[] {
  const names = existsSync(dir) ? readdirSync(dir) : []
  return names.filter((name) => name.startsWith(eventPrefix)).map((name) => join(dir, name))
}

function isInside(dir: string, path: string): boolean {
  const way = relative(resolve(dir), resolve(path))
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)
}
