import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { UserError } from '../base/errors.ts'
import type { Framing } from '../corpora/framing.ts'
import { dtypeToOnnx, elementCount } from '../engine/onnx/dtypes.ts'
import { outlineModel } from '../engine/onnx/proto.ts'
import type { RuntimeOptions } from '../engine/runtime.ts'
import { findTowerFile, withExternalData } from './onnx/files.ts'
import { type ImageTower, openImageTower } from './onnx/image-tower.ts'
import { type Recolour, recolourOf } from './onnx/preprocessing.ts'

/** An image tower of another make, kept as it is beside a text tower of ours: an ONNX graph, and how pictures are prepared for it. */
export interface KeptImageTower {
  /** Its folder, and a hash of the folder's files: what a student says that it kept. */
  id: string
  /** What its embeddings depend on, whatever folder it lies in (see imageTowerId). */
  towerId(): Promise<string>
  /** The graph. */
  file: string
  /** What says how pictures are prepared. */
  preprocessor: string
  imageSize: number // S
  framing: Framing
  embedDim: number // E
  /** Numbers in its weights, scales of quantization included. */
  parameters: number
  /** How its pixel values differ from ours. */
  recolour?: Recolour
  open(options?: RuntimeOptions): Promise<ImageTower>
}

/**
 * Finds the image tower in a folder, and runs it once to see what it gives.
 * @throws UserError for a folder without one, for one whose weights lie in another file, and as openImageTower does
 */
export async function findKeptImage(dir: string): Promise<KeptImageTower> {
  const file = await findTowerFile(dir, 'vision')
  await requireWhole(file)
  const open = (options: RuntimeOptions = {}) => openImageTower(dir, options)
  const { id, towerId, imageSize, framing, embedDim, preprocessing, release } = await open()
  await release()
  const { initializers } = outlineModel(await readFile(file), file)
  const weights = initializers.filter(({ dataType, dims }) => dataType !== dtypeToOnnx('int64') && dims.length > 0)
  const parameters = weights.reduce((sum, { dims }) => sum + elementCount(dims), 0)
  return { id, towerId, file, preprocessor: preprocessing.file, imageSize, framing, embedDim, parameters, recolour: recolourOf(preprocessing), open }
}

async function requireWhole(file: string): Promise<void> {
  const files = await withExternalData(file)
  const isTower = /^vision_model.*\.onnx$/.test(basename(file))
  if (isTower && files.length === 1) return
  const got = isTower ? `weights in ${basename(files[1]!)}` : basename(file)
  const hint = 'Save the tower as one file: it is copied into the student.'
  throw new UserError({ where: file, expected: 'an image tower of its own, onnx/vision_model.onnx, with its weights inside', got, hint })
}
