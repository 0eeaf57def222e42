import { existsSync } from 'node:fs'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import writeFileAtomic from 'write-file-atomic'
import { assertSameRun, type Identity } from '../engine/checkpoint.ts'
import { UserError } from '../engine/errors.ts'
import { flatten } from './flatten.ts'

export interface RunFolderOptions {
  resume?: boolean
  force?: boolean
}

/**
 * Prepares `runs/NAME` and records what it is run with in config.json. A folder that already holds a run is neither
 * overwritten nor mixed: `resume` goes on with it, `force` starts over.
 * @throws UserError when a run is there and neither was asked for, and when a resumed run was started with other settings
 */
export async function openRunFolder(dir: string, config: Record<string, unknown>, { resume, force }: RunFolderOptions): Promise<void> {
  const file = join(dir, 'config.json')
  const holdsRun = existsSync(file)
  if (holdsRun && !resume && !force) {
    throw new UserError({
      where: `--out ${dir}`,
      expected: 'a new folder',
      got: 'a folder that holds a run',
      hint: 'Add --resume to go on with it, --force to start over, or name another folder.',
    })
  }
  if (holdsRun && resume) assertSameRun(dir, settled(JSON.parse(await readFile(file, 'utf8'))), settled(config))
  if (holdsRun && force && !resume) await rm(dir, { recursive: true })
  await mkdir(dir, { recursive: true })
  await writeFileAtomic(file, `${JSON.stringify(config, null, 2)}\n`)
}

/** Settings that decide the result; how a run is started over, shown, sped up or compared with a baseline does not. */
function settled(config: Record<string, unknown>): Identity {
  const free = new Set(['resume', 'force', 'cacheDir', 'baseline'])
  const own = Object.entries(flatten('', JSON.parse(JSON.stringify(config)))).filter(
    ([key]) => !free.has(key) && !/(?:threads|tensorboard)$/.test(key),
  )
  return Object.fromEntries(own)
}

/** The model folder of a run, of `runs/distill/` (its last stage), a plain model folder, or an export without model.safetensors. */
export function findModel(dir: string): string {
  const places = [dir, join(dir, 'student'), join(dir, 'stage2', 'student'), join(dir, 'stage1', 'student')]
  const found = places.find((place) => existsSync(join(place, 'model.safetensors')))
  if (found) return found
  if (existsSync(join(dir, 'config.json')) && existsSync(join(dir, 'onnx'))) return dir
  throw new UserError({
    where: dir,
    expected: 'a finished run, a model folder (model.safetensors) or an export',
    got: existsSync(dir) ? 'neither' : 'no such folder',
    hint: 'Run stage1 first, or check the path.',
  })
}
