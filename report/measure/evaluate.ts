import { UserError } from '../../base/errors.ts'
import { progress } from '../../base/progress.ts'
import type { OpenCorpus } from '../../corpora/open.ts'
import { buildPixelCache, type PixelCache } from '../../corpora/pixel-cache.ts'
import type { RetrievalTask } from '../../corpora/retrieval-task.ts'
import type { Language } from '../../corpora/sample.ts'
import { headlineOf } from '../../eval/headline.ts'
import { knownSets, requireKnownSet } from '../../eval/known-sets.ts'
import { languageGaps, withRetention } from '../../eval/languages.ts'
import { hardSubset, type PixelBaseline, pixelBaseline } from '../../eval/pixel-baseline.ts'
import { type SavedRanks, savedRanks } from '../../eval/ranks-file.ts'
import { evaluateRetrieval } from '../../eval/retrieval.ts'
import { type PreparedTask, prepareTask } from '../../eval/retrieval-tasks.ts'
import { embedCached, embedTexts } from '../../models/embed.ts'
import type { ReportMaterial } from '../material.ts'
import { pixelRow, retrievalRow } from '../rows.ts'
import type { Report, ReportResult } from '../schema.ts'
import type { Contender } from './contenders.ts'
import { type Embedded, lookCloser } from './look-closer.ts'
import { type ModelTime, timeModels } from './time-models.ts'

export interface Evaluation {
  open: OpenCorpus
  protocols: string[]
  languages: Language[]
  cacheDir: string
  seed: number
  /** Further languages to name classes in, for zero-shot classification. */
  classLanguages?: Language[]
  /** A published set (eval/known-sets.ts) that every task must be, by language and counts. */
  knownSet?: string
}

/** What an evaluation leaves: the report's rows, and what its page and later comparisons need beside them. */
export interface Measured {
  report: Pick<Report, 'models' | 'results' | 'gaps' | 'zeroShot' | 'consistency' | 'groups' | 'baseline' | 'data'>
  ranks: SavedRanks[]
  material: Required<Pick<ReportMaterial, 'examples' | 'similarities' | 'confusions'>>
}

/**
 * Runs every contender on every protocol and language; where the protocol has reference drawings, the pixel baseline and the
 * subset it gets wrong (`PROTOCOL/hard`) come beside it. Languages in which a protocol has no texts are left out of it. The headline
 * protocol is looked at more closely (lookCloser), and the models are timed on its images and texts.
 * @throws UserError before anything is embedded for a language without captions and where a task is not the known set it is said to be;
 *   later as evaluateRetrieval does
 */
export async function evaluateModels(contenders: Contender[], run: Evaluation): Promise<Measured> {
  const opened: PixelCache[] = []
  try {
    const { results, ranks, baseline, headline } = await rankAll(contenders, run, opened)
    const times = await timeModels(headline)
    const { material, ...details } = await lookCloser(headline, run.classLanguages)
    const gaps = languageGaps(results)
    const { corpus } = run.open
    const report = {
      models: modelFacts(contenders, times),
      results: withRetention(results),
      ...(gaps.length > 0 ? { gaps } : {}),
      ...details,
      ...(baseline.length > 0 ? { baseline } : {}),
      data: [{ corpus: corpus.name, licence: corpus.licence, languages: run.languages, ...(run.knownSet ? { note: checkedAs(run.knownSet) } : {}) }],
    }
    return { report, ranks, material }
  } finally {
    for (const cache of opened) cache.close()
  }
}

interface Ranked {
  results: ReportResult[]
  ranks: SavedRanks[]
  /** Protocols without a pixel baseline, and why. */
  baseline: { protocol: string; reason: string }[]
  /** What the headline protocol was measured from, language by language. */
  headline: Embedded[]
}

/** Every recall of the report. Images stay in `opened` for what comes after. */
async function rankAll(contenders: Contender[], run: Evaluation, opened: PixelCache[]): Promise<Ranked> {
  const { open, seed } = run
  const found: Ranked = { results: [], ranks: [], baseline: [], headline: [] }
  const plan = run.protocols.flatMap((protocol) =>
    run.languages.filter((language) => open.languagesOf(protocol).includes(language)).map((language) => ({ protocol, language })),
  )
  for (const language of run.languages) requireCaptions(run, language, plan)
  const headline = headlineOf(plan.map(({ protocol }) => protocol))
  if (run.knownSet) for (const { protocol, language } of plan) requireKnownSet(run.knownSet, await open.task(protocol, language))
  const entrants = (protocol: string) => contenders.filter(({ headlineOnly }) => !headlineOnly || protocol === headline)
  const total = plan.reduce((sum, { protocol }) => sum + entrants(protocol).length, 0)
  const bar = progress('evaluate', total, 'tasks')
  const baselines = new Map<string, PixelBaseline | undefined>() // by images: a language may lack captions of some
  const imageEmbeds = new Map<string, Float32Array>() // another language's or protocol's images may be the same
  let done = 0
  try {
    for (const { protocol, language } of plan) {
      const task = await open.task(protocol, language)
      const prepared = await prepareSizes(task, entrants(protocol), run, opened)
      const drawn = prepared.get(Math.min(...prepared.keys()))! // whoever is measured beside the student, its thumbnails stay
      const images = JSON.stringify([protocol, drawn.pixels.file])
      if (!baselines.has(images)) baselines.set(images, await measurePixels(run, protocol, drawn))
      const baseline = baselines.get(images)
      if (baseline && !baseline.available && !found.baseline.some((known) => known.protocol === protocol))
        found.baseline.push({ protocol, reason: baseline.reason })
      for (const contender of entrants(protocol)) {
        const { model, dtype, encoder } = contender
        const { pixels } = prepared.get(encoder.imageSize)!
        const key = JSON.stringify([model, dtype, pixels.file])
        const embeddings = imageEmbeds.get(key) ?? (await embedCached(encoder, pixels))
        imageEmbeds.set(key, embeddings)
        const texts = await embedTexts(encoder, task.texts)
        for (const part of [task, ...hardTasks(task, baseline)]) {
          const result = await evaluateRetrieval(part, embeddings, texts)
          found.results.push(retrievalRow(model, dtype, result, { seed }))
          found.ranks.push(savedRanks(model, dtype, part, result))
          if (part === task && protocol === headline) found.headline.push({ contender, task, pixels, result, images: embeddings, texts })
        }
        bar.update(++done, `${protocol} ${language}`)
      }
      if (baseline) found.results.push(...[pixelRow(task, baseline)].filter((row) => row !== undefined))
    }
  } finally {
    bar.stop()
  }
  return found
}

/** A language that no protocol has texts in would leave the report without a word. */
function requireCaptions({ open, protocols }: Evaluation, language: Language, plan: readonly { language: Language }[]): void {
  if (plan.some((part) => part.language === language)) return
  const known = [...new Set(protocols.flatMap((protocol) => open.languagesOf(protocol)))]
  throw new UserError({
    where: `evaluation on ${open.corpus.name}, ${protocols.join(', ')}`,
    expected: `languages with captions (${known.join(', ')})`,
    got: language,
    hint: 'Leave this language out, or name a protocol that has it.',
  })
}

function checkedAs(name: string): string {
  const { images, texts, source } = knownSets[name]!
  return `checked as ${name}: ${images} images, ${texts} captions (${source})`
}

/** The task's images at the size of each model: a teacher may see larger ones. */
async function prepareSizes(
  task: RetrievalTask,
  contenders: Contender[],
  { cacheDir }: Evaluation,
  opened: PixelCache[],
): Promise<Map<number, PreparedTask>> {
  const prepared = new Map<number, PreparedTask>()
  for (const size of new Set(contenders.map(({ encoder }) => encoder.imageSize))) {
    const one = await prepareTask(task, size, cacheDir)
    opened.push(one.pixels)
    prepared.set(size, one)
  }
  return prepared
}

/** One entry a model: the files and times of its number formats together, everything else from the first. */
function modelFacts(contenders: Contender[], times: ModelTime[]): Report['models'] {
  const models: Report['models'] = {}
  for (const { model, facts } of contenders) models[model] = { ...facts, ...models[model], bytes: { ...models[model]?.bytes, ...facts.bytes } }
  for (const { model, dtype, image, text } of times) models[model]!.latency = { ...models[model]!.latency, [dtype]: { image, text } }
  return models
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
    { dir: cacheDir, size: pixels.size },
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
