import { readFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { UserError } from '../base/errors.ts'
import { hashFiles } from '../base/hashes.ts'
import { dtypeToOnnx, elementCount } from '../engine/onnx/dtypes.ts'
import { outlineModel } from '../engine/onnx/proto.ts'
import type { RuntimeOptions } from '../engine/runtime.ts'
import { findImageTower, withExternalData } from './onnx/files.ts'
import { readTeacherConfig, type TeacherConfig } from './onnx/folder-config.ts'
import { type OnnxImageTower, openImageTower } from './onnx/image-tower.ts'

/** An image tower of another make, kept as it is beside a text tower of ours: an ONNX graph, and how pictures are prepared for it. */
export interface KeptImageTower {
  /** Its folder, and a hash of what its embeddings depend on. */
  id: string
  /** The graph, and the folder with its preprocessor_config.json. */
  file: string
  folder: string
  imageSize: number // S
  embedDim: number // E
  /** Numbers in its weights, scales of quantization included. */
  parameters: number
  /** How its pixel values differ from ours. */
  recolour?: TeacherConfig['recolour']
  open(options?: RuntimeOptions): Promise<OnnxImageTower>
}

/**
 * Finds the image tower in a folder, and runs it once to see what it gives.
 * @throws UserError for a folder without one, for one whose weights lie in another file, and as openImageTower does
 */
export async function findKeptImage(dir: string): Promise<KeptImageTower> {
  const file = await findImageTower(dir)
  await requireWhole(file)
  const config = await readTeacherConfig(dir)
  const open = (options: RuntimeOptions = {}) => openImageTower(file, { dir, name: file, config }, options)
  const tower = await open()
  try {
    const { imageSize } = tower
    const { dim: embedDim } = await tower.embed(new Float32Array(3 * imageSize ** 2), 1)
    const { initializers } = outlineModel(await readFile(file), file)
    const weights = initializers.filter(({ dataType, dims }) => dataType !== dtypeToOnnx('int64') && dims.length > 0)
    const parameters = weights.reduce((sum, { dims }) => sum + elementCount(dims), 0)
    const id = `${basename(resolve(dir))}-${await hashFiles(dir, [file, join(dir, 'preprocessor_config.json')])}`
    return { id, file, folder: dir, imageSize, embedDim, parameters, recolour: config.recolour, open }
  } finally {
    await tower.release()
  }
}

async function requireWhole(file: string): Promise<void> {
  const files = await withExternalData(file)
  if (files.length === 1) return
  const hint = 'Save the tower as one file: it is copied into the student.'
  throw new UserError({ where: file, expected: 'weights inside the file', got: `weights in ${basename(files[1]!)}`, hint })
}
