/** One tower of Hugging Face's CLIPConfig, in its own names. */
export interface TowerConfig {
  hidden_size: number
  intermediate_size: number
  num_hidden_layers: number
  num_attention_heads: number
}

export interface VisionConfig extends TowerConfig {
  image_size: number // pixels
  patch_size: number // pixels
}

export interface TextConfig extends TowerConfig {
  vocab_size: number
  max_position_embeddings: number // context length, tokens
}

/** The dual encoder: a CLIPModel of any size. */
export interface ClipConfig {
  projection_dim: number // E
  vision_config: VisionConfig
  text_config: TextConfig
}

export type PresetName = 'tiny' | 'small' | 'base'

const sizes: Record<PresetName, { vision: [number, number, number]; text: [number, number, number] }> = {
  tiny: { vision: [128, 3, 2], text: [128, 2, 2] },
  small: { vision: [192, 6, 3], text: [192, 4, 3] },
  base: { vision: [256, 6, 4], text: [256, 4, 4] },
}
export const presetNames = Object.keys(sizes) as PresetName[]

export interface PresetOptions {
  vocabSize: number
  embedDim?: number
  imageSize?: number
  patchSize?: number
  contextLength?: number
}

/** Width/layers/heads by name; 64 px, patch 8, context 32 and joint dimension 256 unless told otherwise. */
export function preset(
  name: PresetName,
  { vocabSize, embedDim = 256, imageSize = 64, patchSize = 8, contextLength = 32 }: PresetOptions,
): ClipConfig {
  const { vision, text } = sizes[name]
  return {
    projection_dim: embedDim,
    vision_config: { ...tower(vision), image_size: imageSize, patch_size: patchSize },
    text_config: { ...tower(text), vocab_size: vocabSize, max_position_embeddings: contextLength },
  }
}

function tower([width, layers, heads]: [number, number, number]): TowerConfig {
  return { hidden_size: width, intermediate_size: 4 * width, num_hidden_layers: layers, num_attention_heads: heads }
}
