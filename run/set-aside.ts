import { readdir, readFile, realpath } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { mkdir, rename, rm, rmdir, writeFile } from '../base/disk.ts'

/** A run that another one is about to replace. */
export interface SetAside {
  /** Where it lies meanwhile. */
  place: string
  /** Moves it back. The folder must hold nothing of the same names. */
  restore(): Promise<void>
  remove(): Promise<void>
}

/** Written last into the folder of an old run: all of it is there. */
const marker = '.all-moved'
/** Codes of a place beside the folder that cannot be used: another disk, or one that cannot be written. */
const unusable = ['EXDEV', 'EACCES', 'EPERM', 'EROFS', 'EBUSY']

/**
 * Moves what a folder holds to `DIR.old-TIME` beside it, or, where the folder is a mount point, to `.old-TIME` in it. The folder itself stays.
 * @param keep names in the folder that stay, too
 */
export async function setAside(dir: string, keep: string[]): Promise<SetAside> {
  const target = await realpath(dir)
  const time = new Date().toISOString().replace(/[-:]|\.\d+Z$/g, '')
  const [beside, inside] = [`${target}.old-${time}`, join(target, `.old-${time}`)]
  for (const place of [beside, inside]) {
    try {
      await mkdir(place, { recursive: false })
      await move(target, place, [...keep, basename(inside)])
      await writeFile(join(place, marker), '')
      return handle(target, place)
    } catch (error) {
      await moveBack(place, target).catch(() => {})
      if (place === inside || !unusable.includes((error as NodeJS.ErrnoException).code ?? '')) throw error
    }
  }
  throw new Error('unreachable')
}

/**
 * Finds what earlier calls left when they were killed. A run that was moved in part is moved back, the remains of a removed one are removed.
 * @returns the run that is set aside as a whole; what becomes of it depends on what has taken its place
 */
export async function leftAside(dir: string): Promise<SetAside | undefined> {
  const target = await realpath(dir).catch(() => undefined)
  if (!target) return undefined
  const names = async (folder: string, before: string) =>
    (await readdir(folder)).filter((name) => name.startsWith(before) && /^\d{8}T\d{6}(\.removed)?$/.test(name.slice(before.length)))
  const beside = await names(dirname(target), `${basename(target)}.old-`)
  const places = [...beside.map((name) => join(dirname(target), name)), ...(await names(target, '.old-')).map((name) => join(target, name))]
  let whole: SetAside | undefined
  for (const place of places.sort()) {
    if (place.endsWith('.removed')) await rm(place)
    else if ((await readFile(join(place, marker)).catch(() => undefined)) === undefined) await moveBack(place, target)
    else whole = handle(target, place)
  }
  return whole
}

function handle(target: string, place: string): SetAside {
  return {
    place,
    restore: async () => {
      await rm(join(place, marker))
      await moveBack(place, target)
    },
    // Renamed first: half of a removed run shall never be taken for one that is to be moved back.
    remove: async () => {
      await rename(place, `${place}.removed`)
      await rm(`${place}.removed`)
    },
  }
}

async function moveBack(place: string, target: string): Promise<void> {
  await mkdir(target)
  await move(place, target, [])
  await rmdir(place)
}

async function move(from: string, to: string, keep: string[]): Promise<void> {
  for (const name of await readdir(from)) if (!keep.includes(name)) await rename(join(from, name), join(to, name))
}
