import { decodeImage } from '../corpora/images.ts'
import type { OpenCorpus } from '../corpora/open.ts'
import { buildPixelCache } from '../corpora/pixel-cache.ts'
import type { RetrievalTask } from '../corpora/retrieval-task.ts'
import type { Language } from '../corpora/sample.ts'
import { progress } from '../engine/progress.ts'
import { hardSubset, type PixelBaseline, pixelBaseline } from '../eval/pixel-baseline.ts'
import { pixelRow, retrievalRow } from '../eval/report/rows.ts'
import type { ModelName, Report, ReportModel, ReportResult } from '../eval/report/schema.ts'
import { evaluateRetrieval } from '../eval/retrieval.ts'
import { withRetention } from '../eval/languages.ts'
import type { Encoder } from '../models/encoder.ts'
import { embedPixels, embedTexts, type PreparedTask, prepareTask } from './validate.ts'

/** A model that takes part in an evaluation. */
export interface Contender {
  model: ModelName
  dtype: ReportResult['dtype']
  encoder: Encoder
  /** Name, parameters and bytes for the report. */
  facts: ReportModel
}

export interface Evaluation {
  open: OpenCorpus
  protocols: string[]
  languages: Language[]
  cacheDir: string
  seed: number
}

/**
 * Runs every contender on every protocol and language; where the protocol has reference drawings, the pixel baseline and the
 * subset it gets wrong (`PROTOCOL/hard`) come beside it. Languages in which a protocol has no texts are left out of it.
 */
export async function evaluateModels(contenders: Contender[], run: Evaluation): Promise<Pick<Report, 'models' | 'results' | 'baseline' | 'data'>> {
  const { open, languages, seed } = run
  const plan = run.protocols.flatMap((protocol) => languages.filter((language) => speaks(open, protocol, language)).map((language) => ({ protocol, language })))
  const bar = progress('evaluate', plan.length * contenders.length, 'tasks')
  const results: ReportResult[] = []
  const reasons: { protocol: string; reason: string }[] = []
  const baselines = new Map<string, PixelBaseline | undefined>()
  const imageEmbeds = new Map<string, Float32Array>() // one language's images are the next one's
  let done = 0
  try {
    for (const { protocol, language } of plan) {
      const prepared = await prepareTask(await open.task(protocol, language), contenders[0]!.encoder.imageSize, 'auto')
      if (!baselines.has(protocol)) {
        baselines.set(protocol, await measurePixels(run, protocol, prepared))
        const baseline = baselines.get(protocol)
        if (baseline && !baseline.available) reasons.push({ protocol, reason: baseline.reason })
      }
      const baseline = baselines.get(protocol)
      const tasks = [prepared.task, ...hardTasks(prepared.task, baseline)]
      for (const { model, dtype, encoder } of contenders) {
        const key = JSON.stringify([model, dtype, protocol, prepared.task.images.map(({ id }) => id).join()])
        const images = imageEmbeds.get(key) ?? (await embedPixels(encoder, prepared.pixels, prepared.task.images.length))
        imageEmbeds.set(key, images)
        const texts = await embedTexts(encoder, prepared.task.texts)
        for (const task of tasks) results.push(retrievalRow(model, dtype, await evaluateRetrieval(task, images, texts), { seed }))
        bar.update(++done, `${protocol} ${language}`)
      }
      if (baseline) results.push(...[pixelRow(prepared.task, baseline)].filter((row) => row !== undefined))
    }
  } finally {
    bar.stop()
  }
  return {
    models: Object.fromEntries(contenders.map(({ model, facts }) => [model, facts])),
    results: withRetention(results),
    ...(reasons.length > 0 ? { baseline: reasons } : {}),
    data: [{ corpus: open.corpus.name, licence: open.corpus.licence, languages }],
  }
}

function speaks(open: OpenCorpus, protocol: string, language: Language): boolean {
  return open.languagesOf(protocol).includes(language)
}

async function measurePixels({ open, cacheDir, seed }: Evaluation, protocol: string, { task }: PreparedTask): Promise<PixelBaseline | undefined> {
  const references = await open.references?.(protocol)
  if (!references) return undefined
  const size = 64 // thumbnails come from it; the training set's cache has the same drawings at this size
  const cache = await buildPixelCache(references.map(({ source }) => source), { dir: cacheDir, size, fit: 'auto' })
  try {
    const queries = { concepts: task.images.map(({ classId }) => classId ?? ''), read: (i: number) => decodeImage(task.images[i]!.source, size, 'auto') }
    return await pixelBaseline(queries, { concepts: references.map(({ concept }) => concept), read: (i) => cache.read(i) }, { seed })
  } finally {
    cache.close()
  }
}

function hardTasks(task: RetrievalTask, baseline: PixelBaseline | undefined): RetrievalTask[] {
  if (!baseline?.available) return []
  const hard = hardSubset(task, baseline.ranks)
  return hard ? [hard] : []
}
