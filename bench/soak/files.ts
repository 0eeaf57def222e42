import { readdir, readFile } from 'node:fs/promises'
import { basename, join, relative, sep } from 'node:path'
import { isTemporary } from '../../base/temporary-name.ts'
import type { Job, JobPlace } from './jobs.ts'

/** Path, relative to the place and with slashes, → bytes. */
export type Files = Map<string, Buffer>

/** What a job wrote. */
export async function filesOf({ dir }: JobPlace, { outs }: Job): Promise<Files> {
  const found: string[] = []
  for (const out of outs) {
    const entries = await readdir(join(dir, out), { recursive: true, withFileTypes: true }).catch(() => undefined)
    if (entries) found.push(...entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)))
    else found.push(join(dir, out))
  }
  const files: Files = new Map()
  for (const file of found.sort()) {
    const bytes = await readFile(file).catch(() => undefined)
    if (bytes) files.set(relative(dir, file).split(sep).join('/'), bytes)
  }
  return files
}

/** Those whose bytes follow from the input alone. */
export function resultsOf(files: Files, { isResult }: Job): Files {
  return new Map([...files].filter(([file]) => isResult(file)))
}

/** Files that differ, are missing or are there beside the others. */
export function differences(found: Files, expected: Files): string[] {
  const names = new Set([...found.keys(), ...expected.keys()])
  return [...names].filter(
    (name) => !found.get(name)?.equals(expected.get(name) ?? Buffer.of(0)) && !isBothEmpty(found.get(name), expected.get(name)),
  )
}

function isBothEmpty(one?: Buffer, other?: Buffer): boolean {
  return one?.length === 0 && other?.length === 0
}

/** What no command leaves behind, relative to the place: half-written files, folders that wait for their place, locks. */
export async function leftOvers({ dir }: JobPlace): Promise<string[]> {
  const names = await readdir(dir, { recursive: true })
  return names.filter((name) => isTemporary(basename(name)) || /\.(tmp|unfinished|replaced|lock|partial)$|\.old-\d|\.removed$/.test(name))
}
