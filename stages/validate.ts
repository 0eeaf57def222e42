import type { Fit as Crop } from '../corpora/images.ts'
import { buildPixelCache, type PixelCache } from '../corpora/pixel-cache.ts'
import { writePixelValues } from '../corpora/pixel-values.ts'
import type { RetrievalTask } from '../corpora/retrieval-task.ts'
import { evaluateRetrieval, type RetrievalResult } from '../eval/retrieval.ts'
import type { Encoder } from '../models/encoder.ts'

const batchSize = 128

/** A retrieval task with its images decoded once, on disk: other languages and later runs find them there. */
export interface PreparedTask {
  task: RetrievalTask
  pixels: PixelCache
}

export async function prepareTask(task: RetrievalTask, size: number, crop: Crop, cacheDir: string): Promise<PreparedTask> {
  return {
    task,
    pixels: await buildPixelCache(
      task.images.map(({ source }) => source),
      { dir: cacheDir, size, fit: crop },
    ),
  }
}

/** Embeds and ranks one task. */
export async function runTask(encoder: Encoder, { task, pixels }: PreparedTask): Promise<RetrievalResult> {
  return evaluateRetrieval(task, await embedCache(encoder, pixels), await embedTexts(encoder, task.texts))
}

/** Every image of a cache, composited on white → [N, E]; in batches so that memory stays flat. */
export async function embedCache(encoder: Encoder, { count, size, read }: PixelCache): Promise<Float32Array> {
  const stride = 3 * size * size
  const batch = new Float32Array(Math.min(batchSize, count) * stride)
  const result = new Float32Array(count * encoder.embedDim)
  for (let from = 0; from < count; from += batchSize) {
    const rows = Math.min(batchSize, count - from)
    for (let i = 0; i < rows; i++) writePixelValues(read(from + i), size, [255, 255, 255], batch, i * stride)
    result.set(await encoder.encodeImages(batch.subarray(0, rows * stride), rows), from * encoder.embedDim)
  }
  return result
}

/** [N, 3, S, S] → [N, E] */
export async function embedPixels(encoder: Encoder, pixels: Float32Array, count: number): Promise<Float32Array> {
  const stride = 3 * encoder.imageSize ** 2
  const result = new Float32Array(count * encoder.embedDim)
  for (let from = 0; from < count; from += batchSize) {
    const to = Math.min(from + batchSize, count)
    result.set(await encoder.encodeImages(pixels.subarray(from * stride, to * stride), to - from), from * encoder.embedDim)
  }
  return result
}

export async function embedTexts(encoder: Encoder, texts: string[]): Promise<Float32Array> {
  const result = new Float32Array(texts.length * encoder.embedDim)
  for (let from = 0; from < texts.length; from += batchSize) {
    result.set(await encoder.encodeTexts(texts.slice(from, from + batchSize)), from * encoder.embedDim)
  }
  return result
}
