import { existsSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import writeFileAtomic from 'write-file-atomic'
import { UserError } from '../engine/errors.ts'

export interface RunFolderOptions {
  resume?: boolean
  force?: boolean
}

/**
 * Prepares `runs/NAME` and records what it is run with in config.json. A folder that already holds a run is neither
 * overwritten nor mixed: `resume` goes on with it, `force` starts over.
 * @throws UserError when a run is there and neither was asked for
 */
export async function openRunFolder(dir: string, config: object, { resume, force }: RunFolderOptions): Promise<void> {
  const holdsRun = existsSync(join(dir, 'config.json'))
  if (holdsRun && !resume && !force) {
    throw new UserError({ where: `--out ${dir}`, expected: 'a new folder', got: 'a folder that holds a run', hint: 'Add --resume to go on with it, --force to start over, or name another folder.' })
  }
  if (holdsRun && force) await rm(dir, { recursive: true })
  await mkdir(dir, { recursive: true })
  await writeFileAtomic(join(dir, 'config.json'), `${JSON.stringify(config, null, 2)}\n`)
}

/** The model folder of a run, of `runs/distill/` (its last stage) or of a plain model folder. */
export function findModel(dir: string): string {
  const places = [dir, join(dir, 'student'), join(dir, 'stage2', 'student'), join(dir, 'stage1', 'student')]
  const found = places.find((place) => existsSync(join(place, 'model.safetensors')))
  if (found) return found
  throw new UserError({ where: dir, expected: 'a finished run or a model folder (model.safetensors)', got: existsSync(dir) ? 'neither' : 'no such folder', hint: 'Run stage1 first, or check the path.' })
}
