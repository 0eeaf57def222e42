import type { Block } from './blocks.ts'
import { type ClipConfig, hiddenUnits, type TowerConfig, valueChannels } from './config.ts'
import { patchCount } from './vision.ts'

/** Floating-point operations of one item: one image, one text. */
export interface TowerFlops {
  image: number
  text: number
}

/**
 * Forward FLOPs of each tower per item, counted from its matrix products alone: [m, k]·[k, n] costs 2mkn.
 *
 *     layer(Q, T) = 2T·D(D + V) + 2Q·D(D + V + 2H) + 2QT(D + V)   keys and values of T tokens; queries, output and MLP of Q; scores and mixing
 *     encoder(T)  = Σ layer(T, T), the last layer(1, T)      width D, hidden H, values V (= D unless pruned); the last layer computes only the pooled token
 *     image       = encoder(K + 1) + 2K·3p²·D + 2DE          K patches of p × p pixels and the class token, joint dimension E
 *     text        = encoder(T) + 4TD + 2T² + 2DE             pooling is a product with a one-hot row, of two tensors and the mask
 *
 * Elementwise work is left out, as is usual; it takes time but few operations.
 */
export function towerFlops(
  config: ClipConfig,
  { textLength, keptPatches = patchCount(config) }: { textLength: number; keptPatches?: number },
): TowerFlops {
  const { vision_config: vision, text_config: text, projection_dim: embedDim } = config // a kept image tower has no layers, and counts nothing
  const patches = 2 * keptPatches * 3 * vision.patch_size ** 2 * vision.hidden_size
  const pooling = 4 * textLength * text.hidden_size + 2 * textLength ** 2
  return {
    image: encoderFlops(vision, keptPatches + 1) + patches + 2 * vision.hidden_size * embedDim,
    text: encoderFlops(text, textLength) + pooling + 2 * text.hidden_size * embedDim,
  }
}

/**
 * FLOPs of one training step: three times the forward pass of its images and texts. Going back costs two products of the same size for
 * each one forward, for the slopes of its input and of its weight. (The patches' own slope is not needed, similarities and
 * the optimizer are not counted: together under 1 % of a preset's step.)
 * @param shape.textBlocks lengths of parts of the texts, where not all have textLength tokens
 * @param towers which run; default both
 */
export function stepFlops(
  config: ClipConfig,
  shape: { batchSize: number; languages: readonly string[]; textLength: number; textBlocks?: readonly Block[]; keptPatches?: number },
  towers: readonly ('image' | 'text')[] = ['image', 'text'],
): number {
  const { batchSize, languages, textLength, textBlocks = [{ rows: languages.length * batchSize }] } = shape
  const text = (tokens = textLength) => towerFlops(config, { textLength: tokens }).text
  const forward = {
    image: batchSize * towerFlops(config, shape).image,
    text: textBlocks.reduce((sum, { rows, tokens }) => sum + rows * text(tokens), 0),
  }
  return 3 * towers.reduce((sum, tower) => sum + forward[tower], 0)
}

function encoderFlops(config: TowerConfig, tokens: number): number {
  const { hidden_size: width, num_hidden_layers: layers } = config
  let sum = 0
  for (let i = 0; i < layers; i++) {
    const [hidden, values] = [hiddenUnits(config, i), valueChannels(config, i)]
    const queries = i < layers - 1 ? tokens : 1
    sum += 2 * (width + values) * (tokens * width + queries * width + queries * tokens) + 4 * queries * width * hidden
  }
  return sum
}
