import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { UserError } from '../engine/errors.ts'
import { exportDtypes, fileStems, onnxFile } from './dtypes.ts'
import { edgeFiles } from './edge-files.ts'
import { ortFiles } from './ort.ts'

/** Every file an export may consist of. */
const ownFiles = new Set([
  ...['config.json', 'preprocessor_config.json', 'tokenizer.json', 'tokenizer_config.json', 'model.safetensors', 'README.md'],
  ...edgeFiles,
  ...ortFiles,
  ...exportDtypes.flatMap((dtype) => fileStems.map((stem) => onnxFile(stem, dtype))),
])

/**
 * Has `write` fill a new folder beside `out`, which then takes the place of `out`. Whatever fails, `out` is as it was and
 * nothing is left beside it.
 * @param force allows files in `out` that are no export's: they move along
 * @throws UserError for such files without `force`, for an `out` that is a file, and for a full disk
 */
export async function replaceFolder<T>(out: string, force: boolean, write: (dir: string) => Promise<T>): Promise<T> {
  const target = resolve(out)
  const foreign = await foreignFiles(target)
  if (foreign.length > 0 && !force) {
    const shown = foreign.length > 5 ? `${foreign.slice(0, 5).join(', ')} and ${foreign.length - 5} more` : foreign.join(', ')
    throw new UserError({
      where: out,
      expected: 'a new folder or an earlier export',
      got: `a folder with ${shown}`,
      hint: 'Choose another --out, or keep those files and write beside them with --force.',
    })
  }
  const fresh = `${target}.unfinished` // of an interrupted export, if there is one: always the same name, so none pile up
  const old = `${target}.replaced`
  await rm(fresh, { recursive: true, force: true })
  await mkdir(fresh, { recursive: true })
  let result: T
  try {
    result = await write(fresh)
  } catch (error) {
    await rm(fresh, { recursive: true, force: true })
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
    throw new UserError({ where: out, expected: 'room for the export', got: 'a full disk', hint: 'Free some space, or export fewer --dtypes.' })
  }
  const replaced = await rename(target, old).then(() => true, ignoreMissing)
  await rename(fresh, target)
  for (const file of foreign) {
    await mkdir(dirname(join(target, file)), { recursive: true })
    await rename(join(old, file), join(target, file))
  }
  if (replaced) await rm(old, { recursive: true, force: true })
  return result
}

async function foreignFiles(dir: string): Promise<string[]> {
  const found = await stat(dir).catch(() => undefined)
  if (!found) return []
  if (!found.isDirectory()) throw new UserError({ where: dir, expected: 'a folder to write to', got: 'a file', hint: 'Choose another --out.' })
  const entries = await readdir(dir, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name).slice(dir.length + 1))
  return files
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => !ownFiles.has(file))
    .sort()
}

function ignoreMissing(error: NodeJS.ErrnoException): false {
  if (error.code !== 'ENOENT') throw error
  return false
}
