import { decodeImage, type Fit as Crop } from '../corpora/images.ts'
import { writePixelValues } from '../corpora/pixel-values.ts'
import type { RetrievalTask } from '../corpora/retrieval-task.ts'
import { evaluateRetrieval, type RetrievalResult } from '../eval/retrieval.ts'
import type { Encoder } from '../models/encoder.ts'
import pLimit from 'p-limit'

const batchSize = 128

/** A retrieval task with its images decoded once, for repeated evaluation. */
export interface PreparedTask {
  task: RetrievalTask
  pixels: Float32Array // [N, 3, S, S], CLIP-normalised, on white
}

export async function prepareTask(task: RetrievalTask, size: number, crop: Crop): Promise<PreparedTask> {
  const limit = pLimit(4)
  const pixels = new Float32Array(task.images.length * 3 * size * size)
  const decode = async ({ source }: RetrievalTask['images'][number], i: number) =>
    writePixelValues(await decodeImage(source, size, crop), size, [255, 255, 255], pixels, i * 3 * size * size)
  await Promise.all(task.images.map((image, i) => limit(() => decode(image, i))))
  return { task, pixels }
}

/** Embeds and ranks one task. */
export async function runTask(encoder: Encoder, { task, pixels }: PreparedTask): Promise<RetrievalResult> {
  return evaluateRetrieval(task, await embedPixels(encoder, pixels, task.images.length), await embedTexts(encoder, task.texts))
}

/** [N, 3, S, S] → [N, E], in batches so that memory stays flat. */
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
