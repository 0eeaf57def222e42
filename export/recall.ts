import type { RetrievalTask } from '../corpora/retrieval-task.ts'
import { evaluateRetrieval } from '../eval/retrieval.ts'
import { embedCached, embedTexts, type ImageEncoder, type Pixels, type TextEncoder } from '../models/embed.ts'

/** A validation task and its images, decoded: the pixels of image i are those of the task's image i. */
export interface GateTask {
  task: RetrievalTask
  pixels: Pixels
}

export interface LanguageRecall {
  protocol: string
  language: string
  meanRecall: number // fraction
}

/** Mean recall per task, measured as on a device (see Encoder's oneByOne). */
export async function measureRecall(encoder: ImageEncoder & TextEncoder, tasks: GateTask[]): Promise<LanguageRecall[]> {
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
