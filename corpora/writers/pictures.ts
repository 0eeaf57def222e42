import { readFile } from 'node:fs/promises'
import { dirname, join, relative, resolve, sep } from 'node:path'
import sharp from 'sharp'
import { mkdir, rm, rmdir, writeFileAtomic } from '../../base/disk.ts'
import { UserError } from '../../base/errors.ts'
import type { ImageSource } from '../sample.ts'

export interface Pictures {
  /** The path of a picture for a table in `folder`, with slashes: of a file its own, of one inside a tar or table that of a copy in `folder`/images. */
  pathOf(source: ImageSource): Promise<string>
  /** Takes away the copies that were made. */
  discard(): Promise<void>
}

/** The pictures of a table in `folder`. `pathOf` throws UserError where another picture has a copy's name. */
export function picturesOf(folder: string): Pictures {
  const made: string[] = []
  return {
    async pathOf({ key, path, read }) {
      if (path !== undefined) return slashed(relative(resolve(folder), path))
      const bytes = await read()
      const name = join('images', `${nameOf(key)}.${await endingOf(bytes)}`)
      await copy(join(folder, name), bytes, made)
      return slashed(name)
    },
    async discard() {
      for (const file of made) await rm(file)
      for (const dir of foldersOf(folder, made)) await rmdir(dir).catch(() => {}) // unless something else is in it
    },
  }
}

/** Writes a file, and notes it in `made`, unless it is there already. */
async function copy(file: string, bytes: Uint8Array, made: string[]): Promise<void> {
  const there = await readFile(file).catch(() => undefined)
  if (there?.equals(bytes)) return
  if (there) throw new UserError({ where: file, expected: 'a new file', got: 'another picture', hint: 'Name another folder.' })
  await mkdir(dirname(file))
  made.push(file)
  await writeFileAtomic(file, bytes)
}

/** The folders of some files, up to `folder`/images, the deepest first. */
function foldersOf(folder: string, files: string[]): string[] {
  const found = new Set<string>()
  for (const file of files) for (let dir = dirname(file); dir.length > folder.length; dir = dirname(dir)) found.add(dir)
  return [...found].toSorted((a, b) => b.length - a.length)
}

/** Never out of the folder. */
function nameOf(key: string): string {
  const parts = key
    .replace(/\.[A-Za-z]{3,4}$/, '')
    .split('/')
    .filter((part) => !/^\.*$/.test(part))
  return parts.join('/').replaceAll(/[^\p{L}\p{N}._/-]/gu, '_')
}

function slashed(path: string): string {
  return path.split(sep).join('/')
}

/** By the bytes; `bin` for what is no picture. */
export async function endingOf(bytes: Uint8Array): Promise<string> {
  const format = await sharp(bytes)
    .metadata()
    .then(({ format }) => format)
    .catch(() => undefined)
  if (format === undefined) return 'bin'
  return format === 'jpeg' ? 'jpg' : format === 'heif' ? 'avif' : format
}
