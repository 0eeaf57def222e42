import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '../../base/errors.ts'
import type { Encoder } from '../encoder.ts'
import { requireAlike } from './choose-output.ts'
import { measureScale } from './combined.ts'
import { dtypeOf } from './dtypes.ts'
import { findTeacherFiles, type TeacherFiles, teacherId, towerFolders } from './files.ts'
import { type ImageTower, openImageFile, probePicture } from './image-tower.ts'
import { readModelConfig } from './model-config.ts'
import { isSiglip, type TowerFolderOptions } from './siglip.ts'
import { openTextFile, probe, type TextTower } from './text-tower.ts'

export interface TeacherOptions extends TowerFolderOptions {
  /** exp(logit_scale); default: what the folder says, or else CLIP's 100. */
  logitScale?: number
}

/** Both towers of a folder. */
export interface OpenFolder {
  files: TeacherFiles
  encoder: Encoder
  image: Omit<ImageTower, 'id'>
  text: Omit<TextTower, 'id'>
}

/**
 * Opens any CLIP-like model exported to ONNX in the transformers.js layout (also one's own exports) as an Encoder: split
 * towers first, else a combined model cut in two. Nothing is fetched.
 * @param dir a folder, or IMAGE_DIR+TEXT_DIR
 * @throws UserError for a missing folder, missing or damaged files, preprocessing that is not said, tensors of unexpected type or shape, towers of two spaces, and a tokenizer with
 *   more ids, or longer texts, than the model takes; the encoder's methods throw it for features that are not finite
 */
export async function openOnnxFolder(dir: string, options: TeacherOptions = {}): Promise<Encoder> {
  return (await openFolder(dir, options)).encoder
}

/** As openOnnxFolder, with all that was found out on the way. */
export async function openFolder(dir: string, options: TeacherOptions = {}): Promise<OpenFolder> {
  const folders = towerFolders(dir)
  const files = await findTeacherFiles(dir, options.dtype)
  const [vision, words] = 'combined' in files ? [files.combined, files.combined] : [files.vision, files.text]
  const id = await teacherId(dir, files)
  const image = await openImageFile(folders.image, vision, options)
  const opened: { release(): Promise<void> }[] = [image]
  try {
    const ofText = await readModelConfig(folders.text)
    const isPooled = isSiglip(ofText, folders.image === folders.text ? image.preprocessing : undefined)
    const text = await openTextFile(folders.text, words, { ...options, isSiglip: isPooled })
    opened.push(text)
    requireAlike(image.tower, text.tower)
    requireDims(dir, image, text)
    const config = await readModelConfig(folders.image)
    requireProjected(folders.image, image.embedDim, config.projectionDim, options)
    const known = options.logitScale ?? config.logitScale ?? ofText.logitScale
    const measured = known === undefined && 'combined' in files ? await scaleOf(files.combined, image, text, options) : undefined
    const encoder: Encoder = {
      id,
      embedDim: image.embedDim,
      imageSize: image.imageSize,
      framing: image.framing,
      tokenizer: text.tokenizer,
      logitScale: known ?? measured ?? 100,
      scoreThreshold: folders.image === folders.text ? config.scoreThresholds?.[dtypeOf(vision)] : undefined,
      oneByOne: await choosesRanges([vision, words]),
      imageTowerId: image.towerId,
      encodeImages: image.encodeImages,
      encodeTexts: text.encodeTexts,
      release: async () => void (await Promise.all(opened.map((tower) => tower.release()))),
    }
    return { files, encoder, image, text }
  } catch (error) {
    for (const tower of opened) await tower.release()
    throw error
  }
}

function scaleOf(file: string, image: OpenFolder['image'], text: OpenFolder['text'], options: TeacherOptions): Promise<number | undefined> {
  const picture = image.feeds(probePicture(image.imageSize), 1)
  return measureScale(file, { image: image.tower.output, text: text.tower.output }, picture, text.feeds(probe), options)
}

/** Quantized files choose the ranges of their activations anew in every call, unless they were calibrated. */
async function choosesRanges(files: string[]): Promise<boolean> {
  const quantized = files.filter((file) => !['fp32', 'fp16'].includes(dtypeOf(file)))
  const found = await Promise.all(quantized.map(async (file) => (await readFile(file)).includes('DynamicQuantizeLinear')))
  return found.includes(true)
}

function requireDims(dir: string, image: OpenFolder['image'], text: OpenFolder['text']): void {
  if (image.embedDim === text.embedDim) return
  throw new UserError({
    where: dir,
    expected: 'image and text embeddings of one length',
    got: `image ${image.embedDim} (${image.tower.output}), text ${text.embedDim} (${text.tower.output})`,
    hint: 'Export both towers of one model, with their projections.',
  })
}

/** Before the projection embeddings mostly have another length. */
function requireProjected(dir: string, dim: number, projectionDim: number | undefined, { output }: TeacherOptions): void {
  if (output || projectionDim === undefined || projectionDim === dim) return
  throw new UserError({
    where: join(dir, 'config.json'),
    expected: `projection_dim ${dim}, as its ONNX files give`,
    got: `${projectionDim}`,
    hint: 'The files lack the projection into the joint space, or belong to another model: export them again with it.',
  })
}
