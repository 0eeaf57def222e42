import { readdir, stat } from 'node:fs/promises'
import { isAbsolute, join, parse, sep } from 'node:path'
import { UserError } from '../base/errors.ts'

/**
 * The error for an image that is not where a table says, with what is there instead: a folder, the same name with other slashes, case or Unicode form.
 * @param more how many other images of the table are missing
 */
export async function missingImage(where: string, written: string, imagesDir: string, more: number): Promise<UserError> {
  const path = isAbsolute(written) ? written : join(imagesDir, written)
  const others = more > 0 ? `, and ${more} more images are missing` : ''
  const { got, hint } = await insteadOf(written, imagesDir)
  return new UserError({ where, expected: `an image at ${path}`, got: got + others, hint })
}

async function insteadOf(written: string, imagesDir: string): Promise<{ got: string; hint: string }> {
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(written)) return { got: 'an address', hint: 'Download the images, and name the files.' }
  const start = isAbsolute(written) ? parse(written).root : imagesDir
  const found = await stat(join(start, written)).catch(() => undefined)
  if (found?.isDirectory()) return { got: 'a folder', hint: 'Name one file a row.' }
  if (found) return { got: 'no ordinary file', hint: 'Name a file with an image.' }
  const there = await findAlike(start, written.split(sep))
  if (there) return { got: `no such file, but ${there.path}, which differs in ${there.in}`, hint: 'Write the name as the folder has it.' }
  const slashed = written.replaceAll('\\', '/')
  if (slashed !== written && (await isFile(join(start, slashed))))
    return { got: `no such file, but ${slashed}, with slashes`, hint: 'Write / between folders.' }
  const decoded = percentDecoded(written)
  if (decoded !== written && (await isFile(join(start, decoded)))) {
    return { got: `no such file, but ${decoded}, without percent signs`, hint: 'Write names as the folder has them, not as an address.' }
  }
  return { got: 'no such file', hint: 'Paths are relative to the folder of the file; name another folder with --images-dir.' }
}

/** The same path with names that the folders hold, where they differ in nothing but case or Unicode form. */
async function findAlike(start: string, names: string[]): Promise<{ path: string; in: string } | undefined> {
  const path: string[] = []
  let difference = 'the Unicode form of its accents'
  for (const name of names) {
    const entries = await readdir(join(start, ...path)).catch((): string[] => [])
    if (name === '..' || name === '.' || name === '' || entries.includes(name)) {
      path.push(name)
      continue
    }
    const sameForm = entries.find((entry) => entry.normalize('NFC') === name.normalize('NFC'))
    const alike = sameForm ?? entries.find((entry) => entry.normalize('NFC').toLowerCase() === name.normalize('NFC').toLowerCase())
    if (alike === undefined) return undefined
    if (!sameForm) difference = 'upper and lower case'
    path.push(alike)
  }
  return { path: path.join('/'), in: difference }
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? false
}

function percentDecoded(written: string): string {
  try {
    return decodeURIComponent(written)
  } catch {
    return written // a percent sign that encodes nothing
  }
}
