import { progress } from '../base/progress.ts'
import type { RetrievalTask } from '../corpora/retrieval-task.ts'
import { evaluateRetrieval, type RetrievalResult } from '../eval/retrieval.ts'
import { type BestScores, bestScores } from '../eval/threshold.ts'
import { embedCached, embedTexts, type ImageEncoder, type Pixels, type TextEncoder } from '../models/embed.ts'
import type { LanguageRecall } from './exported-files.ts'

/** A validation task and its images, decoded: the pixels of image i are those of the task's image i. */
export interface GateTask {
  task: RetrievalTask
  pixels: Pixels
}

/** With the rank of every query, to be paired with another model's. */
export type MeasuredRecall = LanguageRecall & Pick<RetrievalResult, 'textToImage' | 'imageToText'>

/** Mean recall per task, measured as on a device (see Encoder's oneByOne). */
export async function measureRecall(encoder: ImageEncoder & TextEncoder, tasks: readonly GateTask[]): Promise<MeasuredRecall[]> {
  return (await measureTasks(encoder, { gate: tasks })).recall
}

/** Mean recall of the gate's tasks, and the best scores of those that a threshold is chosen on; a task of both is embedded once. */
export async function measureTasks(
  encoder: ImageEncoder & TextEncoder,
  { gate = [], threshold = [] }: { gate?: readonly GateTask[]; threshold?: readonly GateTask[] },
): Promise<{ recall: MeasuredRecall[]; scores: BestScores[] }> {
  const known = new Map<string, Float32Array>() // one language's images are the next one's
  const recall: MeasuredRecall[] = []
  const scores: BestScores[] = []
  const tasks = new Set([...gate, ...threshold])
  if (tasks.size === 0) return { recall, scores }
  const galleries = new Map([...tasks].map(({ task, pixels }) => [galleryOf(task), pixels.count]))
  const bar = progress(
    'recall',
    [...galleries.values()].reduce((sum, count) => sum + count, 0),
    'images',
  )
  let done = 0
  try {
    for (const one of tasks) {
      const { task, pixels } = one
      const images = known.get(galleryOf(task)) ?? (await embedCached(encoder, pixels, pixels.count, (count) => bar.update(done + count)))
      if (!known.has(galleryOf(task))) done += pixels.count
      known.set(galleryOf(task), images)
      const texts = await embedTexts(encoder, task.texts)
      if (gate.includes(one)) {
        const { metrics, protocol, language, textToImage, imageToText } = await evaluateRetrieval(task, images, texts)
        recall.push({ protocol, language, meanRecall: metrics.mean_recall, textToImage, imageToText })
      }
      if (threshold.includes(one)) scores.push(bestScores(task, images, texts))
    }
  } finally {
    bar.stop()
  }
  return { recall, scores }
}

function galleryOf({ images }: RetrievalTask): string {
  return images.map(({ id }) => id).join('\n')
}
