import { type BatchItem, batchLoader } from '../corpora/batch-loader.ts'
import type { PixelCache } from '../corpora/pixel-cache.ts'
import type { Waiting } from './waiting.ts'

/** Pixels in the order in which steps take them, decoded and augmented ahead by other threads. */
export interface PixelStream {
  /** Gives pixels number `index` to `use`, and takes their memory back; from any start on, one number after the other. */
  with<T>(index: number, use: (pixels?: Float32Array) => Promise<T>): Promise<T>
  close(): Promise<void>
}

const prefetch = 3

/**
 * Its threads live until it is closed.
 * @param cache absent where there are no pixels: nothing is then given
 * @param count how many there are
 * @param itemsOf the images of number `index`, and how they are varied
 * @param waiting takes the time until pixels come
 */
export function pixelStream(cache: PixelCache | undefined, count: number, itemsOf: (index: number) => BatchItem[], waiting: Waiting): PixelStream {
  const loader = cache && batchLoader({ cache, prefetch })
  let requested = -1
  return {
    async with(index, use) {
      if (!loader) return use()
      requested = Math.max(requested, index - 1)
      while (requested < Math.min(index + prefetch, count - 1)) loader.request(itemsOf(++requested))
      const pixels = await waiting.until(() => loader.next())
      const result = await use(pixels)
      loader.release(pixels)
      return result
    },
    close: async () => loader?.close(),
  }
}
