import { readFile } from 'node:fs/promises'
import { progress } from '../base/progress.ts'
import { type Watch, watched } from '../base/watch.ts'
import { decodeImage } from '../corpora/images.ts'
import { writePixelValues } from '../corpora/pixel-values.ts'
import { embedPixels, embedTexts } from '../models/embed.ts'
import type { Encoder } from '../models/encoder.ts'

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

/** Pictures decoded at a time: memory stays flat. */
const chunk = 64

/** An encoder as the API has it. */
export function modelOf(encoder: Encoder): Model {
  const { id, embedDim, imageSize, logitScale } = encoder
  return {
    ...{ id, embedDim, imageSize, logitScale },
    embedTexts: (texts, watch = {}) =>
      watched(watch, async () => {
        const bar = progress('embed', texts.length, 'texts')
        return rowsOf(await embedTexts(encoder, texts, bar.update), embedDim)
      }),
    embedImages: (images, watch = {}) =>
      watched(watch, async () => {
        const bar = progress('embed', images.length, 'images')
        const rows: Float32Array[] = []
        for (let from = 0; from < images.length; from += chunk) {
          const part = images.slice(from, from + chunk)
          rows.push(...rowsOf(await embedPixels(encoder, await pixelsOf(part, encoder), part.length), embedDim))
          bar.update(rows.length)
        }
        return rows
      }),
    release: () => encoder.release(),
  }
}

/** CLIP-normalised, [N, 3, S, S]. */
async function pixelsOf(images: (string | Uint8Array)[], { imageSize: size, framing }: Encoder): Promise<Float32Array> {
  const pixels = new Float32Array(images.length * 3 * size * size)
  for (const [i, image] of images.entries()) {
    const source = typeof image === 'string' ? { key: image, read: () => readFile(image) } : { key: `image ${i}`, read: async () => image }
    writePixelValues(await decodeImage(source, size, 'auto', framing), size, pixels, i * 3 * size * size)
  }
  return pixels
}

function rowsOf(embeddings: Float32Array, dim: number): Float32Array[] {
  return Array.from({ length: embeddings.length / dim }, (_, i) => embeddings.slice(i * dim, (i + 1) * dim))
}
