import { clipFraming, type Frame, type Framing } from '../corpora/framing.ts'
import { countParams, initialize, type ParamSpecs, type Params } from '../engine/params.ts'
import type { tf } from '../engine/tf.ts'
import type { Tensors } from '../engine/trace/trace.ts'
import type { ClipConfig } from './config.ts'
import type { KeptImageTower } from './kept-image.ts'
import { boundedExp } from './temperature.ts'
import { textParams } from './text.ts'
import { visionParams } from './vision.ts'

/** A model is its configuration and its parameters; imageTower and textTower are pure functions of both. */
export interface DualEncoder {
  config: ClipConfig
  /** Of the text tower alone, and logit_scale, where the image tower is kept. */
  params: Params
  /** The image tower, where config.kept_image_tower says that it is none of ours. */
  keptImage?: KeptImageTower
  /** How it learnt to see photographs; CLIP's where it is not said. */
  framing?: Framing
}

/** What it sees of a picture. */
export function frameOf({ config, framing = clipFraming }: Pick<DualEncoder, 'config' | 'framing'>): Frame {
  return { imageSize: config.vision_config.image_size, framing }
}

export function dualEncoderParams(config: ClipConfig): ParamSpecs {
  const vision = config.kept_image_tower === undefined ? visionParams(config) : {}
  return { ...textParams(config), ...vision, logit_scale: { shape: [], init: { constant: Math.log(1 / 0.07) } } }
}

export function createDualEncoder(config: ClipConfig, seed: number): DualEncoder {
  return { config, params: initialize(dualEncoderParams(config), seed) }
}

/** s = exp(logit_scale) clamped to [1, 100], a scalar. */
export function logitScale(params: Tensors): tf.Tensor {
  return boundedExp(params.logit_scale!)
}

/** Parameters per tower of a model, of an image tower that is kept, too. */
export function parametersOf({ config, keptImage }: DualEncoder): { image: number; text: number } {
  const own = towerCounts(config)
  return keptImage ? { ...own, image: keptImage.parameters } : own
}

/** Parameters per tower, token tables and projections included; `logit_scale` belongs to neither. */
export function towerCounts(config: ClipConfig): { image: number; text: number } {
  const specs = dualEncoderParams(config)
  return {
    image: countParams(specs, ['vision_model.', 'visual_projection.']),
    text: countParams(specs, ['text_model.', 'text_projection.']),
  }
}
