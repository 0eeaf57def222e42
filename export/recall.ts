import type { PixelCache } from '../corpora/pixel-cache.ts'
import { writePixelValues } from '../corpora/pixel-values.ts'
import type { RetrievalTask } from '../corpora/retrieval-task.ts'
import { evaluateRetrieval } from '../eval/retrieval.ts'
import type { Encoder } from '../models/encoder.ts'

/** A validation task and its images, decoded: the pixels of image i are those of the task's image i. */
export interface GateTask {
  task: RetrievalTask
  pixels: Pixels
}

export type Pixels = Pick<PixelCache, 'count' | 'size' | 'read'>

export interface LanguageRecall {
  protocol: string
  language: string
  meanRecall: number // fraction
}

/**
 * Returns mean recall per task. Images and texts go through the model one at a time, as on a device: quantized files choose
 * their ranges per call, and a batch would share them.
 */
export async function measureRecall(encoder: Pick<Encoder, 'encodeImages' | 'encodeTexts'>, tasks: GateTask[]): Promise<LanguageRecall[]> {
  const images = new Map<string, Float32Array>() // one language's images are the next one's
  const results: LanguageRecall[] = []
  for (const { task, pixels } of tasks) {
    const key = task.images.map(({ id }) => id).join('\n')
    const imageEmbeds = images.get(key) ?? (await embedCached(encoder, pixels))
    images.set(key, imageEmbeds)
    const { metrics, protocol, language } = await evaluateRetrieval(task, imageEmbeds, await embedTexts(encoder, task.texts))
    results.push({ protocol, language, meanRecall: metrics.mean_recall })
  }
  return results
}

/** The first `count` images, on white → [count, E], one at a time. */
export async function embedCached(encoder: Pick<Encoder, 'encodeImages'>, { size, read, count: all }: Pixels, count = all): Promise<Float32Array> {
  const values = new Float32Array(3 * size * size)
  return rows(count, (i) => {
    writePixelValues(read(i), size, [255, 255, 255], values, 0)
    return encoder.encodeImages(values, 1)
  })
}

/** CLIP-normalised pixels [N, 3, S, S] → [N, E], one at a time. */
export async function embedImages(encoder: Pick<Encoder, 'encodeImages'>, pixels: Float32Array, count: number): Promise<Float32Array> {
  const stride = pixels.length / count
  return rows(count, (i) => encoder.encodeImages(pixels.subarray(i * stride, (i + 1) * stride), 1))
}

/** → [N, E], one at a time. */
export async function embedTexts(encoder: Pick<Encoder, 'encodeTexts'>, texts: string[]): Promise<Float32Array> {
  return rows(texts.length, (i) => encoder.encodeTexts([texts[i]!]))
}

async function rows(count: number, embed: (i: number) => Promise<Float32Array>): Promise<Float32Array> {
  let result = new Float32Array(0)
  for (let i = 0; i < count; i++) {
    const row = await embed(i)
    if (i === 0) result = new Float32Array(count * row.length)
    result.set(row, i * row.length)
  }
  return result
}
