import type { BatchItem, BatchLoader } from '../../corpora/batch-loader.ts'
import { imagesPerCall } from '../../models/embed.ts'
import type { ImageTeacher } from './image-rows.ts'

export interface Rendering {
  loader: BatchLoader
  /** The rows, `to` exclusive. */
  from: number
  to: number
  /** What is rendered for a row: an image of the loader's cache or of `pixels`. */
  item(row: number): BatchItem
  /** RGBA bytes [n, S, S, 4], instead of the loader's cache. */
  pixels?: SharedArrayBuffer
  /** Hears of the row that comes next. */
  update(row: number): void
}

/** Embeds rows of augmented images of S pixels; they are rendered in another thread while the teacher is at those before. → [to - from, E] */
export async function embedRendered(teacher: ImageTeacher, size: number, rendering: Rendering): Promise<Float32Array> {
  const { loader, from, to, item, pixels, update } = rendering
  const most = imagesPerCall(teacher, size)
  const width = teacher.embedDim
  for (let start = from; start < to; start += most) {
    const items = Array.from({ length: Math.min(most, to - start) }, (_, i) => item(start + i))
    loader.request(items, pixels)
  }
  const block = new Float32Array((to - from) * width)
  let next = from
  try {
    while (next < to) {
      const [start, count] = [next, Math.min(most, to - next)]
      next += count
      const batch = await loader.next()
      block.set(await teacher.encodeImages(batch, count), (start - from) * width)
      loader.release(batch)
      update(next)
    }
    return block
  } catch (error) {
    for (; next < to; next += most) await loader.next().catch(() => {}) // whoever renders next gets nothing of these rows
    throw error
  }
}
