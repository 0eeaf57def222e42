import { tf } from '../engine/tf.ts'
import type { Tensors } from '../engine/trace/trace.ts'
import { type Block, blockSize, evenBlocks, inBlocks } from '../models/blocks.ts'
import type { ClipConfig } from '../models/config.ts'
import { allGates } from '../models/gates.ts'
import type { Activations } from '../models/layers.ts'
import { textTower } from '../models/text.ts'
import { imageTower, patchCount } from '../models/vision.ts'
import type { Tower } from './objectives/objective.ts'
import { compacted } from './shrink/compactors.ts'
import type { StepPlan } from './step-shape.ts'

/** Raw embeddings, before normalisation, and what a tower computes on the way to them. */
type TowerOutput = { embedding: tf.Tensor } & Partial<Activations>

/** What the towers make of a batch: images [B, E], texts of all languages [L·B, E], and images with most of their patches hidden [B, E]. */
export type TowerOutputs = Partial<Record<Tower, TowerOutput>> & { masked?: tf.Tensor }

/** Runs both towers once, and the image tower a second time for masked images, as far as there are inputs for them. */
export function runTowers({ config, textBlocks }: Pick<StepPlan, 'config' | 'textBlocks'>, params: Tensors, inputs: Tensors): TowerOutputs {
  const weights = compacted(params, allGates(config))
  const pixels = inputs.pixel_values
  return {
    image: pixels && encodeImages(weights, config, pixels, inputs.keep),
    text: inputs.input_ids && encodeTexts(weights, config, inputs, textBlocks),
    masked: inputs.mask_keep && encodeImages(weights, config, pixels!, inputs.mask_keep).embedding,
  }
}

/** What nothing is made of, such as a last layer that no objective compares, is pruned from the compiled step. */
function encodeImages(params: Tensors, config: ClipConfig, pixels: tf.Tensor, keep?: tf.Tensor): TowerOutput {
  const size = blockSize(config.vision_config, (keep?.shape[1] ?? patchCount(config)) + 1)
  return inBlocks(
    evenBlocks(pixels.shape[0]!, size),
    (...[pixels, keep]) => imageTower(params, config, pixels!, keep),
    pixels,
    ...(keep ? [keep] : []),
  )
}

/** Sorted texts of different lengths have no last layer in common. */
function encodeTexts(params: Tensors, config: ClipConfig, inputs: Tensors, blocks?: Block[]): TowerOutput {
  const [ids, attended] = [inputs.input_ids!, inputs.attention_mask!]
  const encode = (...[ids, attended]: tf.Tensor[]) => textTower(params, config, ids!, attended!)
  if (!blocks) return inBlocks(evenBlocks(ids.shape[0]!, blockSize(config.text_config, ids.shape[1]!)), encode, ids, attended)
  const { embedding } = inBlocks(blocks, (...block) => ({ embedding: encode(...block).embedding }), ids, attended)
  return { embedding: tf.gather(embedding, inputs.text_order!) }
}
