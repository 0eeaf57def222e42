import type { Watch } from '../base/watch.ts'

/** A model that embeds texts and pictures into one space. Embeddings have length 1: their dot product is the cosine. */
export interface Model {
  /** What it calls itself. */
  id: string
  /** Numbers of an embedding, E. */
  embedDim: number
  /** Side of the pictures that it sees, pixels. */
  imageSize: number
  /** Factor of cosines before they become probabilities: exp(logit_scale). */
  logitScale: number
  /** An embedding [E] a text, in order. */
  embedTexts(texts: string[], watch?: Watch): Promise<Float32Array[]>
  /**
   * An embedding [E] a picture, in order; pictures are files or their bytes (PNG, JPEG, WebP, SVG …).
   * @throws UserError for a picture that cannot be decoded
   */
  embedImages(images: (string | Uint8Array)[], watch?: Watch): Promise<Float32Array[]>
  /** Frees its memory. */
  release(): Promise<void>
}
