import sharp from 'sharp'
import type { OpenCorpus } from '../corpora/open.ts'
import { buildPixelCache } from '../corpora/pixel-cache.ts'
import type { RetrievalTask } from '../corpora/retrieval-task.ts'
import type { Language } from '../corpora/sample.ts'
import { progress } from '../engine/progress.ts'
import { withRetention } from '../eval/languages.ts'
import { hardSubset, type PixelBaseline, pixelBaseline } from '../eval/pixel-baseline.ts'
import { type SavedRanks, savedRanks } from '../eval/ranks-file.ts'
import { pickExamples, similarityMap, type Thumbnail } from '../eval/report/examples.ts'
import type { ReportMaterial } from '../eval/report/material.ts'
import { pixelRow, retrievalRow } from '../eval/report/rows.ts'
import type { ModelName, Report, ReportModel, ReportResult } from '../eval/report/schema.ts'
import { evaluateRetrieval } from '../eval/retrieval.ts'
import type { Encoder } from '../models/encoder.ts'
import { embedCache, embedTexts, type PreparedTask, prepareTask } from './validate.ts'

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

/** What an evaluation leaves: the report's rows, and what its page and later comparisons need beside them. */
export interface Measured {
  report: Pick<Report, 'models' | 'results' | 'baseline' | 'data'>
  ranks: SavedRanks[]
  /** The student's examples and similarities on the first protocol. */
  material: Required<Pick<ReportMaterial, 'examples' | 'similarities'>>
}

/**
 * Runs every contender on every protocol and language; where the protocol has reference drawings, the pixel baseline and the
 * subset it gets wrong (`PROTOCOL/hard`) come beside it. Languages in which a protocol has no texts are left out of it.
 */
export async function evaluateModels(contenders: Contender[], run: Evaluation): Promise<Measured> {
  const { open, languages, protocols, seed } = run
  const plan = protocols.flatMap((protocol) =>
    languages.filter((language) => open.languagesOf(protocol).includes(language)).map((language) => ({ protocol, language })),
  )
  const bar = progress('evaluate', plan.length * contenders.length, 'tasks')
  const results: ReportResult[] = []
  const ranks: SavedRanks[] = []
  const material: Measured['material'] = { examples: [], similarities: [] }
  const baselines = new Map<string, PixelBaseline | undefined>()
  const imageEmbeds = new Map<string, Float32Array>() // another language's or protocol's images may be the same
  let done = 0
  try {
    for (const { protocol, language } of plan) {
      const prepared = await prepareTask(await open.task(protocol, language), contenders[0]!.encoder.imageSize, 'auto', run.cacheDir)
      if (!baselines.has(protocol)) baselines.set(protocol, await measurePixels(run, protocol, prepared))
      const baseline = baselines.get(protocol)
      for (const { model, dtype, encoder } of contenders) {
        const key = JSON.stringify([model, dtype, prepared.pixels.file])
        const images = imageEmbeds.get(key) ?? (await embedCache(encoder, prepared.pixels))
        imageEmbeds.set(key, images)
        const texts = await embedTexts(encoder, prepared.task.texts)
        for (const task of [prepared.task, ...hardTasks(prepared.task, baseline)]) {
          const result = await evaluateRetrieval(task, images, texts)
          results.push(retrievalRow(model, dtype, result, { seed }))
          ranks.push(savedRanks(model, dtype, task, result))
          if (model !== 'student' || dtype !== 'fp32' || task.protocol !== protocols[0]) continue
          material.examples.push(await pickExamples(task, result, images, texts, thumbnails(prepared), { model }))
          material.similarities.push(await similarityMap(task, images, texts, thumbnails(prepared), { model }))
        }
        bar.update(++done, `${protocol} ${language}`)
      }
      prepared.pixels.close()
      if (baseline) results.push(...[pixelRow(prepared.task, baseline)].filter((row) => row !== undefined))
    }
  } finally {
    bar.stop()
  }
  const reasons = [...baselines].flatMap(([protocol, baseline]) => (baseline && !baseline.available ? [{ protocol, reason: baseline.reason }] : []))
  const report = {
    models: modelFacts(contenders),
    results: withRetention(results),
    ...(reasons.length > 0 ? { baseline: reasons } : {}),
    data: [{ corpus: open.corpus.name, licence: open.corpus.licence, languages }],
  }
  return { report, ranks, material }
}

/** One entry a model: the files of its number formats together, everything else from the first. */
function modelFacts(contenders: Contender[]): Report['models'] {
  const models: Report['models'] = {}
  for (const { model, facts } of contenders) models[model] = { ...facts, ...models[model], bytes: { ...models[model]?.bytes, ...facts.bytes } }
  return models
}

/** A task's images as small WebP files for the report's page. */
function thumbnails({ task, pixels }: PreparedTask): Thumbnail {
  const rows = new Map(task.images.map(({ id }, i) => [id, i]))
  const { size } = pixels
  return (id) =>
    sharp(pixels.read(rows.get(id)!), { raw: { width: size, height: size, channels: 4 } })
      .webp({ quality: 80 })
      .toBuffer()
}

async function measurePixels(
  { open, cacheDir, seed }: Evaluation,
  protocol: string,
  { task, pixels }: PreparedTask,
): Promise<PixelBaseline | undefined> {
  const references = await open.references?.(protocol)
  if (!references) return undefined
  // The training set's cache has the same drawings at this size.
  const cache = await buildPixelCache(
    references.map(({ source }) => source),
    { dir: cacheDir, size: pixels.size, fit: 'auto' },
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
