import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { UserError } from '../base/errors.ts'
import { hashFiles } from '../base/hashes.ts'
import { type Encoder, modelEncoder } from './encoder.ts'
import { findModel } from './find-model.ts'
import { readModelFolder } from './folder.ts'
import { dtypeOf, type FileFormat } from './onnx/dtypes.ts'
import { findTeacherFiles, findTowerFile, teacherId } from './onnx/files.ts'
import { openOnnxFolder } from './onnx/open-folder.ts'

/**
 * Opens any folder with a model: an export (ONNX), a run, or a model in Hugging Face layout (safetensors), with an image tower in ONNX beside it or not.
 * @param dtype number format; only an export holds several
 * @throws UserError when the folder holds no model, or none in that format
 */
export async function openModel(dir: string, dtype?: FileFormat): Promise<Encoder> {
  const { kind, folder } = await locateModel(dir, dtype)
  if (kind === 'onnx') return openOnnxFolder(folder, { dtype })
  const model = await readModelFolder(folder)
  return modelEncoder(basename(resolve(dir)), model, model.tokenizer)
}

/** What a model is, whatever its folder is called. */
export interface ModelIdentity {
  /** Of every file that its embeddings depend on. */
  hash: string
  dtype: FileFormat
}

/**
 * Tells which model openModel would open, without opening it.
 * @throws UserError as openModel does for a folder without a model
 */
export async function identifyModel(dir: string, dtype?: FileFormat): Promise<ModelIdentity> {
  const { kind, folder } = await locateModel(dir, dtype)
  if (kind === 'onnx') {
    const files = await findTeacherFiles(folder, dtype)
    const [name] = Object.values(files) as [string]
    return { hash: (await teacherId(folder, files)).slice(-12), dtype: dtypeOf(name) }
  }
  const files = ['model.safetensors', 'config.json', 'tokenizer.json', 'tokenizer_config.json'].map((name) => join(folder, name))
  const kept = (await keepsImageTower(folder)) ? [await findTowerFile(folder, 'vision'), join(folder, 'preprocessor_config.json')] : []
  return { hash: await hashFiles(folder, [...files, ...kept]), dtype: 'fp32' }
}

/**
 * Finds the files of a model: in an export its ONNX files, in a run the trained student, or with `dtype` the run's export.
 * @throws UserError when the folder holds no model, or none in that format
 */
export async function locateModel(dir: string, dtype?: FileFormat): Promise<{ kind: 'onnx' | 'safetensors'; folder: string }> {
  if (await holdsOnnx(dir)) return { kind: 'onnx', folder: dir }
  const exported = join(dir, 'export')
  if (dtype && (await holdsOnnx(exported))) return { kind: 'onnx', folder: exported }
  const folder = findModel(dir)
  if (dtype && dtype !== 'fp32') {
    throw new UserError({
      where: dir,
      expected: `an exported model with ${dtype} files`,
      got: `${folder}, which holds fp32 only`,
      hint: 'Export it first: npx distilingual export --help.',
    })
  }
  return { kind: 'safetensors', folder }
}

/** Whether a text tower in model.safetensors stands beside an image tower in ONNX: neither is a whole model. */
async function keepsImageTower(dir: string): Promise<boolean> {
  const names = await readdir(join(dir, 'onnx')).catch(() => [])
  return existsSync(join(dir, 'model.safetensors')) && names.length > 0 && names.every((name) => name.startsWith('vision_model'))
}

async function holdsOnnx(dir: string): Promise<boolean> {
  if (await keepsImageTower(dir)) return false
  if (existsSync(join(dir, 'onnx'))) return true
  return (await readdir(dir).catch(() => [])).some((name) => name.endsWith('.onnx'))
}
