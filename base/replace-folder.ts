import { existsSync } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { basename, join, relative, resolve } from 'node:path'
import { mkdir, rename, rm } from './disk.ts'
import { UserError } from './errors.ts'
import { withLock } from './lock.ts'
import { isTemporary } from './temporary-name.ts'

export interface Replacement {
  /** What is written, for messages: `export`. */
  what: string
  /** Whether a file may be one of those; its name is relative to the folder, with `/`. */
  isOwn(file: string): boolean
  /** Allows other files in the folder: they move along. */
  force?: boolean
  /** What to do about a folder with other files. */
  hint: string
  /** What to do where the disk is full. */
  roomHint?: string
}

/**
 * Has `write` fill a new folder beside `out`, which then takes the place of `out`. Whatever fails, `out` is as it was and
 * nothing is left beside it; a swap that was killed is finished by the next one.
 * @throws UserError for other files in `out` without `force`, for an `out` that is a file or cannot be renamed, for a full disk, and where another
 *   process writes the same folder
 */
export async function replaceFolder<T>(out: string, replacement: Replacement, write: (dir: string) => Promise<T>): Promise<T> {
  const target = await realpath(out).catch(() => resolve(out)) // a link stays one
  return await withLock(`${target}.lock`, out, () => replace(out, target, replacement, write))
}

async function replace<T>(out: string, target: string, replacement: Replacement, write: (dir: string) => Promise<T>): Promise<T> {
  const { what, isOwn } = replacement
  const fresh = `${target}.unfinished` // of an interrupted run, if there is one: always the same name, so none pile up
  const old = `${target}.replaced`
  await settle(old, target, isOwn)
  await requireReplaceable(out, replacement)
  await rm(fresh)
  try {
    await mkdir(fresh)
    const result = await write(fresh)
    await swap(fresh, target, old)
    await settle(old, target, isOwn)
    return result
  } catch (error) {
    await rm(fresh)
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
    throw new UserError({
      where: out,
      expected: `room for the ${what}`,
      got: 'a full disk',
      hint: replacement.roomHint ?? 'Free some space and run the same command again.',
    })
  }
}

/**
 * Gives a folder its place back where replaceFolder was killed between its two renames; else nothing. To be called before a folder is read. A process that is
 * about to make the second one is not disturbed.
 */
export async function recoverFolder(dir: string): Promise<void> {
  const target = resolve(dir)
  const old = `${target}.replaced`
  if (existsSync(target) || !existsSync(old)) return
  await withLock(`${target}.lock`, dir, async () => {
    if (!existsSync(target)) await rename(old, target)
  })
}

/** @throws UserError for other files in `out` without `force`, and for an `out` that is a file */
export async function requireReplaceable(out: string, { what, isOwn, force, hint }: Replacement): Promise<void> {
  const foreign = (await filesIn(out)).filter((file) => !isOwn(file) && !isTemporary(basename(file))).sort()
  if (foreign.length === 0 || force) return
  const names = foreign.length > 5 ? `${foreign.slice(0, 5).join(', ')} and ${foreign.length - 5} more` : foreign.join(', ')
  throw new UserError({ where: out, expected: `a new folder or an earlier ${what}`, got: `a folder with ${names}`, hint })
}

async function swap(fresh: string, target: string, old: string): Promise<void> {
  const replaces = existsSync(target)
  try {
    if (replaces) await rename(target, old)
    await rename(fresh, target)
  } catch (error) {
    if (replaces && !existsSync(target)) await rename(old, target)
    const hint = 'A mounted folder has to stay where it is: name a folder in it.'
    throw new UserError({ where: target, expected: 'a folder that can be renamed', got: (error as Error).message, hint })
  }
}

/** Ends a swap: what is not its own moves along; a swap killed half way is taken back. */
async function settle(old: string, target: string, isOwn: Replacement['isOwn']): Promise<void> {
  if (!existsSync(old)) return
  if (!existsSync(target)) return rename(old, target)
  const own = (await filesIn(old)).filter((file) => isOwn(file) || isTemporary(basename(file)))
  const move = async (folder: string): Promise<void> => {
    for (const entry of await readdir(join(old, folder), { withFileTypes: true })) {
      const name = folder + entry.name
      const isMixed = entry.isDirectory() && (own.some((file) => file.startsWith(`${name}/`)) || existsSync(join(target, name)))
      if (isMixed) {
        if (!existsSync(join(target, name))) await mkdir(join(target, name))
        await move(`${name}/`)
      } else if (!own.includes(name)) await rename(join(old, name), join(target, name))
    }
  }
  await move('')
  await rm(old)
}

/** Files of a folder and those below it; none where there is no folder. */
async function filesIn(dir: string): Promise<string[]> {
  const found = await stat(dir).catch(() => undefined)
  if (!found) return []
  if (!found.isDirectory()) throw new UserError({ where: dir, expected: 'a folder to write to', got: 'a file', hint: 'Name another.' })
  const entries = await readdir(dir, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => !entry.isDirectory()).map((entry) => relative(dir, join(entry.parentPath, entry.name)))
  return files.map((file) => file.replaceAll('\\', '/'))
}
