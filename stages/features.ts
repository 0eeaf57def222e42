import type { Augmentation } from '../corpora/augment.ts'

/** A teacher's cached features, as a training step reads them. */
export interface TeacherFeatures {
  embedDim: number
  logitScale: number
  /** The stored augmentation of an image that `epoch` uses. */
  augmentation(image: number, epoch: number): Augmentation
  /** Unit embeddings of those augmented images. [B] → [B, Et] */
  images(indices: Uint32Array, epoch: number): Float32Array
  /** Unit embeddings of captions, by index into the training set's texts. [B] → [B, Et] */
  texts(indices: Uint32Array): Float32Array
}
