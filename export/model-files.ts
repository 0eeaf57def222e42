import { existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { copyFile, mkdir } from '../base/disk.ts'
import { UserError } from '../base/errors.ts'
import type { ModelDtype } from '../models/onnx/dtypes.ts'
import { withExternalData } from '../models/onnx/files.ts'
import { exportDtypes, onnxFile } from './dtypes.ts'

const others = ['config.json', 'preprocessor_config.json', 'tokenizer.json', 'tokenizer_config.json']
const towers = ['text_model', 'vision_model'] as const
/** Formats in the order in which a browser is best served. */
const preferred: ModelDtype[] = ['q8', 'fp16', 'int8', 'q4', 'fp32']

/** The exported folder itself, or the one in a run. @throws UserError when neither is one */
export function findExport(dir: string): string {
  const found = [dir, join(dir, 'export')].find((place) =>
    towers.every((tower) => exportDtypes.some((dtype) => existsSync(join(place, onnxFile(tower, dtype))))),
  )
  if (found) return found
  const got = existsSync(dir) ? 'a folder without onnx/text_model and onnx/vision_model' : 'no such folder'
  throw new UserError({ where: dir, expected: 'an exported model', got, hint: 'Export it first: npx distilingual export --help.' })
}

/**
 * The number formats that a folder has, the best for a browser first.
 * @param wanted only these; each must be there
 */
export function formatsOf(dir: string, wanted?: ModelDtype[]): ModelDtype[] {
  const held = preferred.filter((dtype) => towers.every((tower) => existsSync(join(dir, onnxFile(tower, dtype)))))
  const missing = wanted?.find((dtype) => !held.includes(dtype))
  if (!missing) return wanted ? held.filter((dtype) => wanted.includes(dtype)) : held
  throw new UserError({
    where: `--dtype ${missing}`,
    expected: `formats that ${dir} has (${held.join(', ')})`,
    got: missing,
    hint: 'Export the model in this format too.',
  })
}

/** Copies what transformers.js loads of a model: no combined files, no safetensors. */
export async function copyModel(dir: string, out: string, dtypes: ModelDtype[]): Promise<void> {
  await mkdir(join(out, 'onnx'))
  const files = [...others, ...dtypes.flatMap((dtype) => towers.map((tower) => onnxFile(tower, dtype)))]
  for (const file of files) {
    if (file.endsWith('.onnx') && (await withExternalData(join(dir, file))).length > 1) {
      const hint = 'Save the model as one file: a page loads no others.'
      throw new UserError({ where: join(dir, file), expected: 'weights inside the file', got: 'weights in another file beside it', hint })
    }
    await copyFile(join(dir, file), join(out, file)).catch(() => {
      throw new UserError({ where: join(dir, file), expected: 'a file of the model', got: 'none that can be read', hint: 'Export the model again.' })
    })
  }
}

/** Bytes of both towers. */
export async function towerBytes(dir: string, dtype: ModelDtype): Promise<number> {
  const sizes = await Promise.all(towers.map(async (tower) => (await stat(join(dir, onnxFile(tower, dtype)))).size))
  return sizes.reduce((a, b) => a + b)
}

/** `runs/distill/export` → `distill`. */
export function modelName(dir: string): string {
  const path = resolve(dir)
  return basename(path) === 'export' ? basename(resolve(path, '..')) : basename(path)
}
