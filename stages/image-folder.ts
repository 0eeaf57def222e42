import { readdir, stat } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { decodeImage } from '../corpora/images.ts'
import { UserError } from '../engine/errors.ts'

const extensions = ['.png', '.jpg', '.jpeg', '.webp', '.gif', '.avif', '.svg']
/** Images decoded at a time: memory stays flat however large a folder is. */
export const chunkSize = 64

/** A picture's pixels (RGBA `[S, S, 4]`), or why it has none. */
export type Decoded = { path: string; rgba: Uint8Array } | { path: string; reason: string }

/**
 * The images of a folder and its subfolders, in order of their paths; each path begins with `folder`.
 * @throws UserError for a folder that is missing or holds none
 */
export async function listImages(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true }).catch(() => undefined)
  const paths = (entries ?? []).filter((name) => extensions.includes(extname(name).toLowerCase())).map((name) => join(folder, name))
  if (paths.length > 0) return paths.sort()
  const there = await stat(folder).catch(() => undefined)
  const got = entries ? 'none' : there ? 'a file' : 'no such folder'
  throw new UserError({ where: `--images ${folder}`, expected: `a folder with images (${extensions.join(' ')})`, got, hint: 'Check the path.' })
}

/** A broken file among thousands is no reason to stop. */
export async function tryDecode(path: string, read: () => Promise<Uint8Array>, size: number): Promise<Decoded> {
  try {
    return { path, rgba: await decodeImage({ key: path, read }, size, 'auto') }
  } catch (error) {
    return { path, reason: error instanceof UserError ? error.fields.got : (error as Error).message }
  }
}
