import type { Frame } from '../corpora/framing.ts'
import { buildPixelCache, type PixelCache } from '../corpora/pixel-cache.ts'
import type { RetrievalTask } from '../corpora/retrieval-task.ts'
import { embedCached, embedTexts } from '../models/embed.ts'
import type { Encoder } from '../models/encoder.ts'
import { evaluateRetrieval, type RetrievalResult } from './retrieval.ts'

/** A retrieval task with its images decoded once, on disk: other languages and later runs find them there. */
export interface PreparedTask {
  task: RetrievalTask
  pixels: PixelCache
}

/** Decodes the images of a task to the squares that a model sees, or finds them in the cache. */
export async function prepareTask(task: RetrievalTask, { imageSize, framing }: Frame, cacheDir: string): Promise<PreparedTask> {
  return {
    task,
    pixels: await buildPixelCache(
      task.images.map(({ source }) => source),
      { dir: cacheDir, size: imageSize, framing },
    ),
  }
}

/** Embeds and ranks one task. */
export async function runTask(encoder: Encoder, { task, pixels }: PreparedTask): Promise<RetrievalResult> {
  return evaluateRetrieval(task, await embedCached(encoder, pixels), await embedTexts(encoder, task.texts))
}
