import { progress } from '../base/progress.ts'
import { readRegularFile } from '../base/regular-file.ts'
import { watched } from '../base/watch.ts'
import { decodeImage } from '../corpora/images.ts'
import { writePixelValues } from '../corpora/pixel-values.ts'
import { embedPixels, embedTexts } from '../models/embed.ts'
import type { Encoder } from '../models/encoder.ts'
import type { Model } from './model.ts'

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
    const source = typeof image === 'string' ? { key: image, read: () => readRegularFile(image) } : { key: `image ${i}`, read: async () => image }
    writePixelValues(await decodeImage(source, size, 'auto', framing), size, pixels, i * 3 * size * size)
  }
  return pixels
}

function rowsOf(embeddings: Float32Array, dim: number): Float32Array[] {
  return Array.from({ length: embeddings.length / dim }, (_, i) => embeddings.slice(i * dim, (i + 1) * dim))
}
