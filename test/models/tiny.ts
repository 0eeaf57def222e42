/** A dual encoder small enough for finite differences, and a batch for its training step. */

import { permutation, random } from '../../base/random.ts'
import type { ClipConfig } from '../../models/config.ts'
import { createDualEncoder, type DualEncoder } from '../../models/dual-encoder.ts'
import { patchCount } from '../../models/vision.ts'
import type { Weights } from '../../training/objectives/objective.ts'
import { trainingStep } from '../../training/step.ts'
import { keptPatches, type StepShape } from '../../training/step-shape.ts'
import { type Feeds, gaussian } from '../engine/oracle.ts'

export const tinyConfig: ClipConfig = {
  projection_dim: 6,
  vision_config: { hidden_size: 8, intermediate_size: 32, num_hidden_layers: 2, num_attention_heads: 2, image_size: 12, patch_size: 4 },
  text_config: { hidden_size: 12, intermediate_size: 24, num_hidden_layers: 1, num_attention_heads: 3, vocab_size: 11, max_position_embeddings: 7 },
}

/** Random weights, large enough everywhere that no path through the model is negligible. */
export function tinyModel(config = tinyConfig): DualEncoder {
  const model = createDualEncoder(config, 5)
  Object.values(model.params).forEach(({ data }, i) => {
    const noise = gaussian(data.length, 6, i)
    for (let j = 0; j < data.length; j++) data[j] = data[j]! + 0.1 * noise[j]!
  })
  return model
}

/** Right-padded ids (0 is padding) and their attention mask; texts differ in length. [count, length] */
export function tinyTexts(count: number, length: number, seed = 8): { input_ids: Int32Array; attention_mask: Int32Array } {
  const input_ids = new Int32Array(count * length)
  const attention_mask = new Int32Array(count * length)
  const next = random(seed)
  for (let row = 0; row < count; row++) {
    const tokens = Math.max(1, length - (row % 3))
    for (let i = 0; i < tokens; i++) input_ids[row * length + i] = 1 + Math.floor(10 * next())
    attention_mask.fill(1, row * length, row * length + tokens)
  }
  return { input_ids, attention_mask }
}

export const tinyShape: StepShape = { batchSize: 4, textLength: 6, languages: ['en', 'zh'], keepPatches: 1, teacher: { embedDim: 6, logitScale: 20 } }

/** A step over the tiny model with everything it needs to run. */
export function tinyStep(weights: Weights, shape: StepShape = tinyShape) {
  const { config, params } = tinyModel()
  const { batchSize: B, textLength, languages, keepPatches, teacher } = shape
  const { fn, specs } = trainingStep(config, params, Object.keys(params), weights, shape)
  const patches = patchCount(config)
  const next = random(9)
  const feeds: Feeds = {
    ...Object.fromEntries(Object.entries(params).map(([name, { data }]) => [name, data])),
    ...tinyTexts(languages.length * B, textLength),
    pixel_values: gaussian(B * 3 * config.vision_config.image_size ** 2, 10),
  }
  if (keepPatches < 1) {
    feeds.keep = Int32Array.from(
      Array.from({ length: B }, () => [...permutation(patches, next).subarray(0, keptPatches(config, keepPatches))]).flat(),
    )
  }
  if (teacher) feeds.teacher_image = unitRows(gaussian(B * teacher.embedDim, 11), teacher.embedDim)
  languages.forEach((language, i) => {
    feeds[`positives:${language}`] = Float32Array.from({ length: B * B }, (_, at) => (Math.floor(at / B) === at % B || at === 1 || at === B ? 1 : 0))
    if (teacher) feeds[`teacher_text:${language}`] = unitRows(gaussian(B * teacher.embedDim, 12, i), teacher.embedDim)
  })
  return { config, params, fn, specs, feeds }
}

export function unitRows(data: Float32Array, width: number): Float32Array {
  return data.map((value, i) => value / Math.hypot(...data.subarray(i - (i % width), i - (i % width) + width)))
}
