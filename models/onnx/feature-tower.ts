import { UserError } from '../../base/errors.ts'
import type { Framing } from '../../corpora/framing.ts'
import type { RuntimeOptions } from '../../engine/runtime.ts'
import type { Tokenizer } from '../../tokenizers/load.ts'
import { dtypeOf, type FileFormat } from './dtypes.ts'
import { findTowerFile, type TowerName } from './files.ts'
import { openImageTower } from './image-tower.ts'
import { readModelFile } from './model-file.ts'
import { openTextTower } from './text-tower.ts'

/** A tower whose features are read as they are, before any head. */
export interface FeatureTower {
  /** Folder name and a hash of all that its features depend on. */
  id: string
  file: string
  dtype: FileFormat
  /** The outputs that are read, with their widths. */
  outputs: { name: string; width: number }[]
  release(): Promise<void>
}

export interface ImageFeatureTower extends FeatureTower {
  imageSize: number // S
  framing: Framing
  /** CLIP-normalised pixels [n, 3, S, S] → one array [n, width] for each output. */
  read(pixels: Float32Array, count: number): Promise<Float32Array[]>
}

export interface TextFeatureTower extends FeatureTower {
  tokenizer: Tokenizer
  contextLength: number
  /** texts → one array [n, width] for each output. */
  read(texts: readonly string[]): Promise<Float32Array[]>
}

interface Wanted extends RuntimeOptions {
  /** Outputs to read; default: the first of the usual ones that there are. */
  outputs?: string[]
  /** Take the files of this number format; default: the most precise there are. */
  dtype?: FileFormat
}

/** What features are called where nobody says it; a list is read together. */
const usual = {
  vision: [['features', 'middle', 'middle_max', 'grid'], ['features', 'middle'], ['features'], ['pooler_output'], ['image_embeds']],
  text: [['features'], ['sentence_embedding'], ['pooler_output'], ['text_embeds']],
}

/**
 * Opens the image tower of an ONNX folder with its preprocessor.
 * @throws UserError for missing files, and for a tower without outputs [batch, width] of these names
 */
export async function openImageFeatures(dir: string, options: Wanted = {}): Promise<ImageFeatureTower> {
  const { file, dtype, names } = await choose(dir, 'vision', options)
  const tower = await openImageTower(dir, { ...options, output: names[0], others: names })
  const read = async (pixels: Float32Array, count: number) => (await tower.readImages(pixels, count, names)).map(({ data }) => data)
  const { id, imageSize, framing, release } = tower
  const outputs = await widths(names, () => read(new Float32Array(3 * imageSize ** 2), 1), release)
  return { id, file, dtype, outputs, imageSize, framing, read, release }
}

/**
 * Opens the text tower of an ONNX folder with its tokenizer.
 * @throws UserError as openImageFeatures does
 */
export async function openTextFeatures(dir: string, options: Wanted = {}): Promise<TextFeatureTower> {
  const { file, dtype, names } = await choose(dir, 'text', options)
  const tower = await openTextTower(dir, { ...options, output: names[0], others: names })
  const read = async (texts: readonly string[]) => (await tower.readTexts(texts, names)).map(({ data }) => data)
  const { id, tokenizer, length, release } = tower
  const outputs = await widths(names, () => read(['a']), release)
  return { id, file, dtype, outputs, tokenizer, contextLength: length.limit, read, release }
}

async function choose(dir: string, kind: TowerName, { outputs, dtype }: Wanted): Promise<{ file: string; dtype: FileFormat; names: string[] }> {
  const file = await findTowerFile(dir, kind, dtype)
  const model = await readModelFile(file)
  const there = model.outputs.filter(({ dims }) => dims === undefined || dims.length === 2).map(({ name }) => name)
  const names = outputs ?? usual[kind].find((list) => list.every((name) => there.includes(name))) ?? (there.length === 1 ? there : undefined)
  const missing = names?.find((name) => !there.includes(name))
  if (names && missing === undefined) return { file, dtype: dtypeOf(file), names }
  throw new UserError({
    where: file,
    expected: `an output ${missing ?? usual[kind].map(([first]) => first).join(' or ')} [batch, width]`,
    got: model.outputs.map(({ name, dims }) => `${name} [${dims?.join() ?? '?'}]`).join(', '),
    hint: 'Name one of its outputs, or export the tower pooled.',
  })
}

/** Runs a tower once: widths need not be in the file. */
async function widths(names: string[], read: () => Promise<Float32Array[]>, release: () => Promise<void>): Promise<FeatureTower['outputs']> {
  try {
    const rows = await read()
    return names.map((name, i) => ({ name, width: rows[i]!.length }))
  } catch (error) {
    await release()
    throw error
  }
}
