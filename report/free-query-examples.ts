import type { FreeQueryResult, FreeQueryTask } from '../eval/free-queries.ts'
import { dataUrl, type Thumbnail } from './examples.ts'
import type { FreeQueryExamples, Hit } from './material.ts'

/**
 * Some queries of a task with their five best images. Queries are evenly spaced over the task, so that they are chosen without regard to how well
 * they went.
 * @param result of evaluateFreeQueries on this task
 */
export async function freeQueryExamples(
  task: FreeQueryTask,
  { hits }: Pick<FreeQueryResult, 'hits'>,
  thumbnail: Thumbnail,
  { model, count, topK = 5 }: { model: string; count: number; topK?: number },
): Promise<FreeQueryExamples> {
  const total = task.texts.length
  const picked = Array.from({ length: Math.min(count, total) }, (_, i) => Math.floor(((i + 0.5) * total) / Math.min(count, total)))
  const queries = picked.map(async (query) => {
    const best = hits[query]!.slice(0, topK).map(async ({ index, score }, place): Promise<Hit> => {
      const { id } = task.images[index]!
      const picture = { url: dataUrl(await thumbnail(id)), label: id }
      return { rank: place + 1, score, isRight: task.positives[query]!.includes(index), picture, label: id }
    })
    return { text: task.texts[query]!, kind: task.kinds[query]!, hits: await Promise.all(best) }
  })
  return { model, protocol: task.protocol, language: task.language, queries: await Promise.all(queries) }
}
