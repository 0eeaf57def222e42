/** The one door to everything that is written to disk. Who only reads goes past it. */
import * as fs from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { isLeftOver, temporaryName } from './temporary-name.ts'

/** A call that changes the disk, just before it is made. */
export interface DiskCall {
  name: 'open' | 'write' | 'sync' | 'rename' | 'mkdir' | 'rm' | 'copy' | 'truncate'
  path: string
}

type Watch = (call: DiskCall) => void
let watching: Watch | undefined

/** Has `watch` see every call before it is made; a call fails with what `watch` throws. → what ends it. For tests of what a failing disk leaves behind. */
export function watchDisk(watch: Watch): () => void {
  watching = watch
  return () => {
    watching = undefined
  }
}

/** A file that is being written. */
export interface Writer {
  /** Writes all of `data`, at `position` where one is given, else after what was written last. */
  write(data: string | Uint8Array, position?: number): Promise<void>
  /** Has the system put what was written onto the disk. */
  sync(): Promise<void>
  close(): Promise<void>
}

/** Opens a file to write; `flags` as in open(2): `w`, `wx`, `a`, `r+`. */
export async function openToWrite(path: string, flags: 'w' | 'wx' | 'a' | 'r+'): Promise<Writer> {
  const handle = await call('open', path, () => fs.open(path, flags))
  return {
    async write(data, position) {
      const bytes = typeof data === 'string' ? Buffer.from(data) : data
      for (let at = 0; at < bytes.length; ) {
        const place = position === undefined ? null : position + at
        const { bytesWritten } = await call('write', path, () => handle.write(bytes, at, bytes.length - at, place))
        at += bytesWritten // a disk that is nearly full takes a part: the next call says why
      }
    },
    sync: () => call('sync', path, () => handle.sync()),
    close: () => handle.close(),
  }
}

/** Writes a file that nobody reads yet: in a folder that is renamed when it is complete. */
export async function writeFile(path: string, data: string | Uint8Array): Promise<void> {
  await fill(await openToWrite(path, 'w'), data)
}

/** Writes under another name, syncs, and renames: a reader sees the old file or the new one, and so does who starts after a crash. A link stays one. */
export async function writeFileAtomic(file: string, data: string | Uint8Array): Promise<void> {
  await writeFilesAtomic([[file, data]])
}

/** A file that is written under another name until it is whole. */
export interface Draft extends Pick<Writer, 'write'> {
  /** Syncs and closes it: all of it is on the disk, under the other name. */
  finish(): Promise<void>
  /** Gives a finished one its name. */
  commit(): Promise<void>
  /** Removes what was written. */
  discard(): Promise<void>
}

/** Begins a file in the folder where it will be; a link stays one, and a file keeps its permissions. What killed processes left in that folder is removed. */
export async function openDraft(file: string): Promise<Draft> {
  const target = await fs.realpath(file).catch(() => file)
  await sweep(dirname(target))
  const temporary = join(dirname(target), temporaryName(basename(target)))
  const writer = await openToWrite(temporary, 'wx')
  let isOpen = true
  const close = async () => {
    if (isOpen) await writer.close()
    isOpen = false
  }
  return {
    write: writer.write,
    async finish() {
      await writer.sync()
      await close()
      const mode = (await fs.stat(target).catch(() => undefined))?.mode
      if (mode !== undefined) await fs.chmod(temporary, mode)
    },
    commit: () => rename(temporary, target),
    async discard() {
      await close()
      await rm(temporary)
    },
  }
}

/** Writes files that belong together: all of them under other names, then all take their places. Where one cannot be written, or cannot take its place, none is new. */
export async function writeFilesAtomic(files: readonly (readonly [file: string, data: string | Uint8Array])[]): Promise<void> {
  const drafts: Draft[] = []
  const before = new Map<string, Buffer | undefined>()
  try {
    for (const [file, data] of files) {
      const draft = await openDraft(file)
      drafts.push(draft)
      await draft.write(data)
      await draft.finish()
    }
    for (const [i, { commit }] of drafts.entries()) {
      const [file] = files[i]!
      if (files.length > 1) before.set(file, await fs.readFile(file).catch(() => undefined))
      await commit()
    }
  } catch (error) {
    for (const { discard } of drafts) await discard()
    for (const [file, bytes] of before) await putBack(file, bytes)
    throw error
  }
}

async function putBack(file: string, bytes: Buffer | undefined): Promise<void> {
  if (bytes === undefined) await rm(file)
  else if (!bytes.equals(await fs.readFile(file))) await writeFileAtomic(file, bytes)
}

export async function appendFile(path: string, data: string | Uint8Array): Promise<void> {
  await fill(await openToWrite(path, 'a'), data)
}

/** Makes a folder and those above it; one that is there already is fine. */
export async function mkdir(path: string, options: { recursive: boolean } = { recursive: true }): Promise<void> {
  await call('mkdir', path, () => fs.mkdir(path, options))
}

export function rename(from: string, to: string): Promise<void> {
  return call('rename', to, () => fs.rename(from, to))
}

/** Removes a file or a folder with all that is in it; nothing where there is none. */
export function rm(path: string): Promise<void> {
  return call('rm', path, () => fs.rm(path, { recursive: true, force: true }))
}

/** Removes a folder. @throws where something is in it */
export function rmdir(path: string): Promise<void> {
  return call('rm', path, () => fs.rmdir(path))
}

export function copyFile(from: string, to: string): Promise<void> {
  return call('copy', to, () => fs.copyFile(from, to))
}

export function copyFolder(from: string, to: string): Promise<void> {
  return call('copy', to, () => fs.cp(from, to, { recursive: true }))
}

export function truncate(path: string, length: number): Promise<void> {
  return call('truncate', path, () => fs.truncate(path, length))
}

async function fill(writer: Writer, data: string | Uint8Array): Promise<void> {
  try {
    await writer.write(data)
  } finally {
    await writer.close()
  }
}

/** Errors of open files come without a path. */
async function call<T>(name: DiskCall['name'], path: string, body: () => Promise<T>): Promise<T> {
  try {
    watching?.({ name, path })
    return await body()
  } catch (error) {
    if (error instanceof Error) (error as NodeJS.ErrnoException).path ??= path
    throw error
  }
}

const swept = new Set<string>()

/** Removes what killed processes left in a folder; looked for once in a process. */
async function sweep(dir: string): Promise<void> {
  if (swept.has(dir)) return
  swept.add(dir)
  for (const name of await fs.readdir(dir).catch(() => [])) if (isLeftOver(name)) await rm(join(dir, name))
}
