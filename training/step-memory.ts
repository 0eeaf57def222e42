import { towerActivations } from '../models/activations.ts'
import type { ClipConfig } from '../models/config.ts'

/** What a step's memory follows from, beside the sizes of its batch and micro-batch. */
export interface StepLoad {
  config: ClipConfig
  /** Numbers that learn. */
  parameters: number
  languages: number
  /** Mean tokens of a text. */
  tokens: number
  /** Patches of an image that enter the image tower; 0 where none does. */
  keptPatches: number
}

/** What slopes, and memory that is not returned between operators, take beside the activations, about. */
const overhead = 2.4
/** Values, gradients, both moments of AdamW, and a copy that the graph reads. */
const copies = 5
/** Matrices of similarities in each language: positives, targets, logits, softmax and slopes, in both directions. */
const matrices = 8

/**
 * Bytes that a step takes, about: 4·(2.4·b·(image + L·text) + 8·L·B² + 5·parameters), with activations of the b images and L·b texts that go through
 * the towers at once, and similarities of the B of the batch.
 */
export function stepMemory({ config, parameters, languages, tokens, keptPatches }: StepLoad, batch: number, micro = batch): number {
  const { image, text } = towerActivations(config, { textLength: Math.round(tokens), keptPatches })
  const { image_size: side } = config.vision_config
  const images = keptPatches > 0 ? image + 3 * side ** 2 : 0
  return 4 * (overhead * micro * (images + languages * text) + matrices * languages * batch ** 2 + copies * parameters)
}

/** The largest batch whose step takes at most `bytes`: of micro-batches of `micro`, if that is given. 0 where none does. */
export function largestBatch(load: StepLoad, bytes: number, micro?: number): number {
  const step = micro ?? 1
  let [fits, fails] = [0, 1]
  while (stepMemory(load, fails * step, micro) <= bytes) [fits, fails] = [fails, 2 * fails]
  while (fails - fits > 1) {
    const middle = Math.floor((fits + fails) / 2)
    if (stepMemory(load, middle * step, micro) <= bytes) fits = middle
    else fails = middle
  }
  return fits * step
}
