import { UserError } from '../base/errors.ts'

/** One tower of Hugging Face's CLIPConfig, in its own names. */
export interface TowerConfig {
  hidden_size: number
  intermediate_size: number
  num_hidden_layers: number
  num_attention_heads: number
  /** Hidden units of each layer, where pruning left layers unequal (training/shrink); intermediate_size is then the most of them. */
  intermediate_sizes?: number[]
  /** Value channels that each layer's heads have left of hidden_size / num_attention_heads. */
  value_sizes?: number[]
}

/** Hidden units of a layer's MLP. */
export function hiddenUnits({ intermediate_size, intermediate_sizes }: TowerConfig, layer: number): number {
  return intermediate_sizes?.[layer] ?? intermediate_size
}

/** Value channels of all heads of a layer together. */
export function valueChannels({ hidden_size, num_attention_heads, value_sizes }: TowerConfig, layer: number): number {
  return value_sizes ? num_attention_heads * value_sizes[layer]! : hidden_size
}

interface VisionConfig extends TowerConfig {
  image_size: number // pixels
  patch_size: number // pixels
}

interface TextConfig extends TowerConfig {
  vocab_size: number
  max_position_embeddings: number // context length, tokens
}

/** The dual encoder: a CLIPModel of any size. */
export interface ClipConfig {
  projection_dim: number // E
  vision_config: VisionConfig
  text_config: TextConfig
  /** Where the image tower is none of ours: whose it is. vision_config then has no layers (see keptVision). */
  kept_image_tower?: string
}

/** The vision_config beside an image tower that is kept: of its make nothing is known here but the side of its images. */
export function keptVision(imageSize: number): VisionConfig {
  return { image_size: imageSize, patch_size: imageSize, hidden_size: 0, intermediate_size: 0, num_hidden_layers: 0, num_attention_heads: 1 }
}

export type PresetName = 'tiny' | 'small' | 'base'

const sizes: Record<PresetName, { vision: [number, number, number]; text: [number, number, number] }> = {
  tiny: { vision: [128, 3, 2], text: [128, 2, 2] },
  small: { vision: [192, 6, 3], text: [192, 4, 3] },
  base: { vision: [256, 6, 4], text: [256, 4, 4] },
}
export const presetNames = Object.keys(sizes) as PresetName[]
export const usualStudent: PresetName = 'tiny'

export interface PresetOptions {
  vocabSize: number
  embedDim?: number
  imageSize?: number
  patchSize?: number
  contextLength?: number
}

/** How the size of a text tower alone is written. */
const textForm = /^(\d+)x(\d+)$/

/** How a size is written: a preset's name, or width and layers of image and text tower. */
export const sizeForm = `${presetNames.join(', ')}, or sizes of the towers such as 160x3-96x2 (image width 160, 3 layers; text width 96, 2 layers); with --keep-image-tower of the text tower alone (96x2)`

export function isSize(size: string): boolean {
  return towersOf(size) !== undefined || textForm.test(size)
}

/**
 * Width/layers/heads by name or size (see sizeForm); 64 px, patch 8, context 32 and joint dimension 256 unless options say otherwise.
 * @throws UserError for a malformed size
 */
export function preset(size: string, { vocabSize, embedDim = 256, imageSize = 64, patchSize = 8, contextLength = 32 }: PresetOptions): ClipConfig {
  const towers = towersOf(size)
  if (!towers) throw new UserError({ where: 'model size', expected: sizeForm, got: size, hint: 'Widths and layers are positive integers.' })
  const { vision, text } = towers
  return {
    projection_dim: embedDim,
    vision_config: { ...tower(vision), image_size: imageSize, patch_size: patchSize },
    text_config: { ...tower(text), vocab_size: vocabSize, max_position_embeddings: contextLength },
  }
}

/**
 * The configuration of a student whose text tower alone is ours, beside an image tower that is kept: a preset's text tower, or width and layers (96x2).
 * @param kept whose the image tower is
 * @throws UserError for a malformed size, and for one that names an image tower
 */
export function textPreset(
  size: string,
  kept: string,
  { vocabSize, embedDim, imageSize, contextLength }: Required<Omit<PresetOptions, 'patchSize'>>,
): ClipConfig {
  const [, width, layers] = (textForm.exec(size) ?? []).map(Number)
  const text = Object.hasOwn(sizes, size) ? sizes[size as PresetName].text : undefined
  if (!text && !(width! > 0 && layers! > 0)) {
    const expected = `the size of a text tower: ${presetNames.join(', ')}, or width and layers such as 96x2`
    throw new UserError({ where: '--student', expected, got: size, hint: "The image tower is the teacher's: leave its size out." })
  }
  return {
    projection_dim: embedDim,
    vision_config: keptVision(imageSize),
    text_config: { ...tower(text ?? [width!, layers!, headsOf(width!)]), vocab_size: vocabSize, max_position_embeddings: contextLength },
    kept_image_tower: kept,
  }
}

function towersOf(size: string): { vision: [number, number, number]; text: [number, number, number] } | undefined {
  if (Object.hasOwn(sizes, size)) return sizes[size as PresetName]
  const numbers = /^(\d+)x(\d+)-(\d+)x(\d+)$/.exec(size)?.slice(1).map(Number)
  if (!numbers?.every((number) => number > 0)) return undefined
  const [imageWidth, imageLayers, textWidth, textLayers] = numbers as [number, number, number, number]
  return { vision: [imageWidth, imageLayers, headsOf(imageWidth)], text: [textWidth, textLayers, headsOf(textWidth)] }
}

/** Heads of 64 channels, as in the presets; where the width cannot be divided so, as many as come near and divide it. */
function headsOf(width: number): number {
  let heads = Math.max(1, Math.round(width / 64))
  while (width % heads !== 0) heads--
  return heads
}

function tower([width, layers, heads]: [number, number, number]): TowerConfig {
  return { hidden_size: width, intermediate_size: 4 * width, num_hidden_layers: layers, num_attention_heads: heads }
}
