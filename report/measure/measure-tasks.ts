import { progress } from '../../base/progress.ts'
import type { Frame } from '../../corpora/framing.ts'
import { buildPixelCache, type PixelCache } from '../../corpora/pixel-cache.ts'
import type { RetrievalTask } from '../../corpora/retrieval-task.ts'
import { evaluateFreeQueries, isFreeQueryTask } from '../../eval/free-queries.ts'
import { hardSubset, type PixelBaseline, pixelBaseline } from '../../eval/pixel-baseline.ts'
import { type SavedRanks, savedRanks } from '../../eval/ranks-file.ts'
import { evaluateRetrieval } from '../../eval/retrieval.ts'
import { type PreparedTask, prepareTask } from '../../eval/retrieval-tasks.ts'
import { embedCached, embedTexts } from '../../models/embed.ts'
import { freeQueryRows } from '../free-query-rows.ts'
import { pixelRow, retrievalRow } from '../rows.ts'
import type { FreeQueryRow, ReportResult } from '../schema.ts'
import type { Evaluation, MeasuredTask } from './evaluation.ts'
import type { FreeQueryMeasurement } from './free-query-pictures.ts'
import type { Embedded } from './headline-details.ts'
import type { ModelEntry } from './model-entry.ts'

interface Measurements {
  results: ReportResult[]
  freeQueries: FreeQueryRow[]
  ranks: SavedRanks[]
  /** Protocols without a pixel baseline, and why. */
  baseline: { protocol: string; reason: string }[]
  /** What the headline protocol was measured from, language by language. */
  headlineTasks: Embedded[]
  freeQueryTasks: FreeQueryMeasurement[]
}

/**
 * Embeds and scores every task of the plan with every model. Images of another language or protocol are not embedded twice, nor by another model with the same image tower.
 * @param headline the protocol whose embeddings are kept, and the only one for entries that are `headlineOnly`
 * @param opened takes every pixel cache that is opened: images are read again later, and the caller closes them
 */
export async function measureTasks(
  entries: ModelEntry[],
  plan: readonly MeasuredTask[],
  headline: string | undefined,
  run: Evaluation,
  opened: PixelCache[],
): Promise<Measurements> {
  const { open, seed } = run
  const measured: Measurements = { results: [], freeQueries: [], ranks: [], baseline: [], headlineTasks: [], freeQueryTasks: [] }
  const entriesFor = (protocol: string) => entries.filter(({ headlineOnly }) => !headlineOnly || protocol === headline)
  const total = plan.reduce((sum, { protocol }) => sum + entriesFor(protocol).length, 0)
  const bar = progress('evaluate', total, 'tasks')
  const baselines = new Map<string, PixelBaseline | undefined>() // by images: a language may lack captions of some
  const imageEmbeds = new Map<string, Float32Array>() // another language's or protocol's images may be the same
  const towers = new Map<ModelEntry, string | undefined>() // models that keep an image tower embed images alike
  for (const entry of entries) towers.set(entry, await entry.encoder.imageTowerId?.())
  let done = 0
  try {
    for (const { protocol, language } of plan) {
      const task = await open.task(protocol, language)
      const prepared = await prepareSizes(task, entriesFor(protocol), run, opened)
      const smallest = [...prepared.values()].reduce((least, one) => (one.imageSize < least.imageSize ? one : least)) // whichever models are measured beside the student, its thumbnails stay
      const images = JSON.stringify([protocol, smallest.pixels.file])
      if (!baselines.has(images)) baselines.set(images, await measurePixels(run, protocol, smallest))
      const baseline = baselines.get(images)
      if (baseline && !baseline.available && !measured.baseline.some((known) => known.protocol === protocol))
        measured.baseline.push({ protocol, reason: baseline.reason })
      for (const entry of entriesFor(protocol)) {
        const { model, dtype, encoder } = entry
        const tower = towers.get(entry)
        const { pixels } = prepared.get(frameKey(encoder))!
        const key = JSON.stringify([tower ?? [model, dtype], pixels.file])
        const embeddings = imageEmbeds.get(key) ?? (await embedCached(encoder, pixels))
        imageEmbeds.set(key, embeddings)
        const texts = await embedTexts(encoder, task.texts)
        if (isFreeQueryTask(task)) {
          const result = await evaluateFreeQueries(task, embeddings, texts, { seed })
          measured.freeQueries.push(...freeQueryRows(model, dtype, result))
          measured.freeQueryTasks.push({ entry, task, pixels, result })
        } else {
          for (const part of [task, ...hardTasks(task, baseline)]) {
            const result = await evaluateRetrieval(part, embeddings, texts)
            measured.results.push(retrievalRow(model, dtype, result, { seed }))
            measured.ranks.push(savedRanks(model, dtype, part, result))
            if (part === task && protocol === headline) measured.headlineTasks.push({ entry, task, pixels, result, images: embeddings, texts })
          }
        }
        bar.update(++done, `${protocol} ${language}`)
      }
      if (baseline) measured.results.push(...[pixelRow(task, baseline)].filter((row) => row !== undefined))
    }
  } finally {
    bar.stop()
  }
  return measured
}

/** The task's images as each model sees them: a teacher may see larger ones. */
async function prepareSizes(
  task: RetrievalTask,
  entries: ModelEntry[],
  { cacheDir }: Evaluation,
  opened: PixelCache[],
): Promise<Map<string, PreparedTask & Frame>> {
  const prepared = new Map<string, PreparedTask & Frame>()
  for (const { encoder } of entries) {
    const { imageSize, framing } = encoder
    const key = frameKey(encoder)
    if (prepared.has(key)) continue
    const one = await prepareTask(task, encoder, cacheDir)
    opened.push(one.pixels)
    prepared.set(key, { ...one, imageSize, framing })
  }
  return prepared
}

const frameKey = ({ imageSize, framing }: Frame) => JSON.stringify([imageSize, framing])

async function measurePixels(
  { open, cacheDir, seed }: Evaluation,
  protocol: string,
  { task, pixels, framing }: PreparedTask & Frame,
): Promise<PixelBaseline | undefined> {
  const references = await open.references?.(protocol)
  if (!references) return undefined
  // The training set's cache has the same drawings at this size.
  const cache = await buildPixelCache(
    references.map(({ source }) => source),
    { dir: cacheDir, size: pixels.size, framing },
  )
  try {
    const queries = { concepts: task.images.map(({ classId }) => classId ?? ''), read: pixels.read }
    return await pixelBaseline(queries, { concepts: references.map(({ concept }) => concept), read: cache.read }, { seed })
  } finally {
    cache.close()
  }
}

function hardTasks(task: RetrievalTask, baseline: PixelBaseline | undefined): RetrievalTask[] {
  if (!baseline?.available) return []
  const hard = hardSubset(task, baseline.ranks)
  return hard ? [hard] : []
}
