import type { Random } from '../../base/random.ts'
import type { Language } from '../../corpora/sample.ts'

/** What enters one step: images, and one caption per image and language. */
export interface Draw {
  epoch: number
  images: Uint32Array // [B] indices into the training set
  captions: Record<Language, Uint32Array> // [B] indices into its texts
  /** Of a part of a batch: how many images of the batch come before it. */
  before?: number
  /** An independent generator for whatever else this step draws (augmentation, masks), one per purpose. */
  stream(purpose: number): Random
}

export interface Sampler {
  batchesPerEpoch: number
  draw(step: number): Draw
}
