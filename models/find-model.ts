import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '../base/errors.ts'

/** The model folder of a run, of `runs/distill/` (its last stage), a plain model folder, or an export without model.safetensors. */
export function findModel(dir: string): string {
  const places = [dir, join(dir, 'student'), join(dir, 'stage2', 'student')]
  const found = places.find((place) => existsSync(join(place, 'model.safetensors')))
  if (found) return found
  if (existsSync(join(dir, 'config.json')) && existsSync(join(dir, 'onnx'))) return dir
  const first = join(dir, 'stage1')
  const isHalf = existsSync(join(first, 'student', 'model.safetensors'))
  throw new UserError({
    where: dir,
    expected: 'a finished run, a model folder (model.safetensors) or an export',
    got: isHalf ? 'one that has not finished its second stage' : existsSync(dir) ? 'neither' : 'no such folder',
    hint: isHalf ? `Go on with it by --resume, or name ${first}.` : 'Run stage1 first, or check the path.',
  })
}
