import { dirname, join, relative, resolve, sep } from 'node:path'
import sharp from 'sharp'
import { mkdir, writeFile } from '../../base/disk.ts'
import type { ImageSource } from '../sample.ts'

/**
 * The path of a picture for a table in `folder`, with slashes: of a file its own, of one inside a tar or table that of a copy in `folder`/images.
 */
export async function picturePath({ key, path, read }: ImageSource, folder: string): Promise<string> {
  if (path !== undefined) return relative(resolve(folder), path).split(sep).join('/')
  const bytes = await read()
  const ending = await endingOf(bytes)
  const parts = key
    .replace(/\.[A-Za-z]{3,4}$/, '')
    .split('/')
    .filter((part) => !/^\.*$/.test(part)) // never out of the folder
  const name = parts.join('/').replaceAll(/[^\p{L}\p{N}._/-]/gu, '_')
  const file = join('images', `${name}.${ending}`)
  await mkdir(join(folder, dirname(file)))
  await writeFile(join(folder, file), bytes)
  return file.split(sep).join('/')
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
