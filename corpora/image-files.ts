import { readdir, realpath, stat } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { UserError } from '../base/errors.ts'
import { notRegular } from '../base/regular-file.ts'

/** What sharp reads. */
const extensions = ['.png', '.jpg', '.jpeg', '.jfif', '.jpe', '.webp', '.gif', '.avif', '.tif', '.tiff', '.svg']
/** Pictures that it cannot read: they are counted, so that nobody takes them for searched. */
const unreadable = ['.heic', '.heif', '.bmp', '.ico', '.jxl', '.jp2', '.psd', '.raw', '.dng', '.cr2', '.nef', '.arw']
export interface ImageFolder {
  /** In order; each begins with the folder's own path. */
  paths: string[]
  /** Subfolders that cannot be read, such as other users' trash, and for each format that cannot be read the first picture, with their number. */
  skipped: { path: string; reason: string }[]
}

/**
 * The images of a folder and its subfolders. Links to folders are followed once: two ways to a picture are no two pictures.
 * @throws UserError for a folder that is missing or holds none
 */
export async function listImages(folder: string): Promise<ImageFolder> {
  const listed: ImageFolder = { paths: [], skipped: [] }
  const visited = new Set<string>()
  const links: string[] = []
  const others = new Map<string, string[]>()
  const walk = async (dir: string): Promise<void> => {
    const real = await realpath(dir)
    if (visited.has(real)) return
    visited.add(real)
    for (const entry of await readdir(dir, { withFileTypes: true })) {
      const path = join(dir, entry.name)
      const linked = entry.isSymbolicLink() ? await stat(path).catch(() => undefined) : undefined
      if (linked?.isDirectory()) links.push(path)
      else if (entry.isDirectory()) await skipping(path)
      else if (extensions.includes(endingOf(path))) {
        const found = linked ?? (entry.isFile() || entry.isSymbolicLink() ? undefined : await stat(path))
        const reason = found && notRegular(found) // a link that leads nowhere is listed when it is read
        if (reason) listed.skipped.push({ path, reason })
        else listed.paths.push(path)
      } else if (unreadable.includes(endingOf(path))) others.set(endingOf(path), [...(others.get(endingOf(path)) ?? []), path])
    }
  }
  const skipping = (path: string) => walk(path).catch((error: Error) => void listed.skipped.push({ path, reason: error.message }))
  const error = await walk(folder).catch((error: NodeJS.ErrnoException) => error)
  for (const link of links) await skipping(link) // last: real folders keep their own paths
  const counts = [...others].map(([ending, { length }]) => `${length} ${ending}`).join(', ')
  for (const [ending, paths] of others) listed.skipped.push({ path: paths[0]!, reason: skippedReason(ending, paths.length) })
  if (listed.paths.length > 0) return { ...listed, paths: listed.paths.sort() }
  const reasons: Record<string, string> = { ENOENT: 'no such folder', ENOTDIR: 'a file' }
  const got = error ? (reasons[error.code ?? ''] ?? error.message) : counts === '' ? 'none' : `only ${counts}`
  throw new UserError({
    where: `--images ${folder}`,
    expected: `a folder with images (${extensions.join(' ')})`,
    got,
    hint: counts ? convertHint : 'Check the path.',
  })
}

const convertHint = 'Save these pictures as JPEG or PNG.'

function skippedReason(ending: string, count: number): string {
  return `${count > 1 ? `one of ${count} ${ending} pictures, a format` : `${ending}, a format`} that cannot be read; save as JPEG or PNG`
}

function endingOf(path: string): string {
  return extname(path).toLowerCase()
}
