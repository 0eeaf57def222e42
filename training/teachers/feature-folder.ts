import { readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { mkdir, writeFileAtomic } from '../../base/disk.ts'
import { UserError } from '../../base/errors.ts'
import { flatten } from '../../base/flatten.ts'

/** Raised whenever the same input would give other files, so that old ones are left behind. */
export const featureFormat = 3

/**
 * Says in index.json what a folder of features was made of, or checks that it says the same. The folder's name has it in a hash
 * already; this catches files that were copied or changed.
 * @throws UserError that names what differs
 */
export async function openFeatureFolder(dir: string, made: Record<string, unknown>): Promise<void> {
  const file = join(dir, 'index.json')
  const text = await readFile(file, 'utf8').catch(() => undefined)
  if (text !== undefined) requireSame(file, parse(text, file), made)
  else if ((await readdir(dir).catch(() => [])).some((name) => name.endsWith('.npy')))
    throw mismatch(file, 'what the files beside it are made of', 'no such file')
  await mkdir(dir)
  await writeFileAtomic(file, `${JSON.stringify(made, null, 2)}\n`)
}

function requireSame(file: string, found: Record<string, unknown>, made: Record<string, unknown>): void {
  const before = flatten('', found)
  for (const [name, value] of Object.entries(flatten('', JSON.parse(JSON.stringify(made))))) {
    if (!(name in before) || before[name] === value) continue // files of before this entry existed have other means to be right
    throw mismatch(file, `${name} ${value}`, `${before[name]}`)
  }
}

function parse(text: string, file: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch (error) {
    throw mismatch(file, 'JSON', (error as Error).message)
  }
}

function mismatch(file: string, expected: string, got: string): UserError {
  const hint = `These features belong to something else: delete the folder ${dirname(file)}, they are made anew.`
  return new UserError({ where: file, expected, got, hint })
}
