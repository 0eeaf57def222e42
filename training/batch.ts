import type { PixelCache } from '../corpora/pixel-cache.ts'
import type { Language } from '../corpora/sample.ts'
import type { ClipConfig } from '../models/config.ts'
import type { Tokenizer } from '../tokenizers/load.ts'
import type { Draw } from './data/draw.ts'
import type { TrainingSet } from './data/training-set.ts'
import type { Centroids } from './objectives/centroids.ts'
import type { Tower, Weights } from './objectives/objective.ts'
import type { ObjectiveSettings } from './objectives/settings.ts'
import type { TrainSettings } from './settings.ts'
import type { StepShape } from './step-shape.ts'
import type { SpecialistFeatures } from './teachers/all-features.ts'
import type { TeacherFeatures } from './teachers/features.ts'
import type { InnerFeatures } from './teachers/inner-features.ts'
import type { InnerRows } from './teachers/inner-teacher.ts'

/** What batches are made of. */
export interface BatchSource {
  set: TrainingSet
  /** Absent where there are texts alone: images are then neither read nor asked of the teacher. Absent, too, where the image tower is kept. */
  pixels?: PixelCache
  /** Unit embeddings of images by an image tower that is kept; absent where no objective needs images. [B] → [B, E] */
  keptImages?(indices: Uint32Array, epoch: number): Float32Array | Promise<Float32Array>
  config: ClipConfig
  tokenizer: Tokenizer
  weights: Weights
  /** Of the run, but with the batch size of this source. */
  settings: TrainSettings
  objectiveSettings?: ObjectiveSettings
  /** Teacher's features: images then come in the augmentations that the teacher saw. */
  teacher?: TeacherFeatures
  /** Teachers that take over single languages. */
  specialists?: SpecialistFeatures[]
  /** The teacher's inner layers. */
  inner?: InnerFeatures
  /** The language that teachers read for all. */
  pivot?: Language
}

/** One batch, as the values of a step's inputs are made of it. */
export interface Batch {
  source: BatchSource
  objectiveSettings: ObjectiveSettings
  draw: Draw
  tokens: { input_ids: Int32Array; attention_mask: Int32Array; text_order?: Int32Array }
  /** [B, 3, S, S], CLIP-normalised; absent where there are texts alone. */
  pixels?: Float32Array
  centroids?: Centroids
  /** Which of its images and texts belong together: [B, B]. */
  positives(language: Language): Float32Array
  /** The teacher's inner layers, made once however many are compared. */
  innerLayers(tower: Tower): Promise<InnerRows>
  /** A fraction of every image's patches, chosen by the generator of that purpose. [B, K] */
  choosePatches(purpose: number, fraction: number): Int32Array
}

/** Computes the loss and gradients of batches of a source. */
export interface BatchRunner {
  /** What a step without dropped patches is like. */
  shape: StepShape
  /** What MicroBatch.run gives, of batch `index`. */
  run(batch: { index: number; draw: Draw; masked: boolean }, params: Record<string, Float32Array>): Promise<Record<string, Float32Array>>
  /** Milliseconds so far in which no step could be computed because its inputs were not there yet: pixels, tokens, what teachers say. */
  waited(): number
  close(): Promise<void>
}

/** Items of a batch, as many as the set has at most, and of a micro-batch, in which they go through the towers: a divisor of it. */
export function batchSizes({ batchSize, microBatch = batchSize }: Pick<TrainSettings, 'batchSize' | 'microBatch'>, count: number) {
  const micro = Math.min(microBatch, count)
  return { batch: Math.floor(Math.min(batchSize, count) / micro) * micro, micro }
}
