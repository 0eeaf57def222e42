import type { PixelCache } from '../../corpora/pixel-cache.ts'
import type { FreeQueryResult, FreeQueryTask } from '../../eval/free-queries.ts'
import { freeQueryExamples } from '../free-query-examples.ts'
import type { FreeQueryExamples } from '../material.ts'
import type { ModelEntry } from './model-entry.ts'
import { subjectOf } from './subject.ts'
import { thumbnailsOf } from './thumbnails.ts'

/** One model's result on one task of free queries. */
export interface FreeQueryMeasurement {
  entry: ModelEntry
  task: FreeQueryTask
  /** Of the task's images. */
  pixels: PixelCache
  result: FreeQueryResult
}

/** Queries that the page shows, all languages together. */
const shownQueries = 10

/** Ten queries of the first protocol with their five best images, as the report's subject found them; as many of each language. */
export async function pictureFreeQueries(measured: readonly FreeQueryMeasurement[]): Promise<FreeQueryExamples[]> {
  const subject = subjectOf(measured)
  const sets = measured.filter(({ entry, task }) => entry === subject && task.protocol === measured[0]!.task.protocol)
  const count = Math.max(1, Math.floor(shownQueries / sets.length))
  return Promise.all(
    sets.map(({ task, result, pixels }) => freeQueryExamples(task, result, thumbnailsOf({ task, pixels }), { model: subject!.model, count })),
  )
}
