import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { UserError } from '../engine/errors.ts'
import { type Encoder, modelEncoder } from '../models/encoder.ts'
import { readModelFolder } from '../models/folder.ts'
import { openTeacher } from '../models/teachers/onnx-folder.ts'
import type { ModelDtype } from '../models/teachers/teacher-files.ts'
import { findModel } from './run-folder.ts'

/**
 * Opens any folder with a model: an export (ONNX), a run, or a model in Hugging Face layout (safetensors).
 * @param dtype number format; only an export holds several
 * @throws UserError when the folder holds no model, or none in that format
 */
export async function openModel(dir: string, dtype?: ModelDtype): Promise<Encoder> {
  if (await holdsOnnx(dir)) return openTeacher(dir, { dtype })
  const exported = join(dir, 'export')
  if (dtype && (await holdsOnnx(exported))) return openTeacher(exported, { dtype })
  const folder = findModel(dir)
  if (dtype && dtype !== 'fp32') {
    throw new UserError({
      where: dir,
      expected: `an exported model with ${dtype} files`,
      got: `${folder}, which holds fp32 only`,
      hint: 'Export it first: npx distilingual export --help.',
    })
  }
  const model = await readModelFolder(folder)
  return modelEncoder(basename(resolve(dir)), model, model.tokenizer)
}

async function holdsOnnx(dir: string): Promise<boolean> {
  if (existsSync(join(dir, 'onnx'))) return true
  return (await readdir(dir).catch(() => [])).some((name) => name.endsWith('.onnx'))
}
