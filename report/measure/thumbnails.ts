import sharp from 'sharp'
import type { PixelCache } from '../../corpora/pixel-cache.ts'
import type { RetrievalTask } from '../../corpora/retrieval-task.ts'
import type { Thumbnail } from '../examples.ts'

/** Longest side of a picture on the report's page: photographs are decoded larger for a model than a page can carry. */
const thumbnailSide = 96

/**
 * Returns a function that makes a small WebP file of one of a task's images, for the report's page.
 * @param measured.pixels of the task's images, in their order
 */
export function thumbnailsOf({ task, pixels }: { task: RetrievalTask; pixels: PixelCache }): Thumbnail {
  const rows = new Map(task.images.map(({ id }, i) => [id, i]))
  const { size } = pixels
  return (id) =>
    sharp(pixels.read(rows.get(id)!), { raw: { width: size, height: size, channels: 4 } })
      .resize({ width: thumbnailSide, withoutEnlargement: true })
      .webp({ quality: 80 })
      .toBuffer()
}
