import { UserError } from '../../base/errors.ts'
import { languageHint } from '../../corpora/language-hint.ts'
import type { PixelCache } from '../../corpora/pixel-cache.ts'
import { headlineOf } from '../../eval/headline.ts'
import { knownSets, requireKnownSet } from '../../eval/known-sets.ts'
import { languageGaps, withRetention } from '../../eval/languages.ts'
import type { SavedRanks } from '../../eval/ranks-file.ts'
import { withFreeQueryRetention } from '../free-query-rows.ts'
import type { ReportMaterial } from '../material.ts'
import type { Report } from '../schema.ts'
import type { Evaluation, MeasuredTask } from './evaluation.ts'
import { pictureFreeQueries } from './free-query-pictures.ts'
import { measureDetails } from './headline-details.ts'
import { measureTasks } from './measure-tasks.ts'
import type { ModelEntry } from './model-entry.ts'
import { type ModelTime, timeModels } from './time-models.ts'

/** What an evaluation leaves: the report's rows, and what its page and later comparisons need beside them. */
export interface Measured {
  report: Pick<
    Report,
    'models' | 'headline' | 'headlineMeasures' | 'results' | 'freeQueries' | 'gaps' | 'zeroShot' | 'consistency' | 'groups' | 'baseline' | 'data'
  >
  ranks: SavedRanks[]
  material: Required<Pick<ReportMaterial, 'freeQueries' | 'examples' | 'similarities' | 'confusions'>>
}

/**
 * Runs every model on every protocol and language; where the protocol has reference drawings, the pixel baseline and the
 * subset it gets wrong (`PROTOCOL/hard`) come beside it. Languages in which a protocol has no texts are left out of it. The headline
 * protocol is measured in detail (measureDetails), and the models are timed on its images and texts.
 * @throws UserError before anything is embedded for a language without captions and where a task is not the known set it is said to be;
 *   later as evaluateRetrieval and evaluateFreeQueries do
 */
export async function evaluateModels(entries: ModelEntry[], run: Evaluation): Promise<Measured> {
  const { open } = run
  const opened: PixelCache[] = []
  try {
    const plan = planOf(run)
    if (run.knownSet) for (const { protocol, language } of plan) requireKnownSet(run.knownSet, await open.task(protocol, language))
    const measured = [...new Set(plan.map(({ protocol }) => protocol))]
    const retrieval = measured.filter((protocol) => !open.freeQueryProtocols.includes(protocol))
    const headline = headlineOf(retrieval, open.headlineProtocols)
    const { results, freeQueries, ranks, baseline, headlineTasks, freeQueryTasks } = await measureTasks(entries, plan, headline, run, opened)
    const times = headlineTasks.length > 0 ? await timeModels(headlineTasks) : []
    const { material, ...details } = await measureDetails(headlineTasks, open.classifications, run.classLanguages)
    const gaps = languageGaps(results)
    const summarised = open.headlineProtocols.filter((protocol) => measured.includes(protocol))
    const measures = Object.entries(open.headlineMeasures ?? {}).filter(([protocol]) => summarised.includes(protocol))
    const { corpus } = open
    const report = {
      models: modelFacts(entries, times),
      ...(summarised.length > 0 ? { headline: [...new Set([...(headline === undefined ? [] : [headline]), ...summarised])] } : {}),
      ...(measures.length > 0 ? { headlineMeasures: Object.fromEntries(measures) } : {}),
      results: withRetention(results),
      ...(freeQueries.length > 0 ? { freeQueries: withFreeQueryRetention(freeQueries) } : {}),
      ...(gaps.length > 0 ? { gaps } : {}),
      ...details,
      ...(baseline.length > 0 ? { baseline } : {}),
      data: [{ corpus: corpus.name, licence: corpus.licence, languages: run.languages, ...(run.knownSet ? { note: checkedAs(run.knownSet) } : {}) }],
    }
    return { report, ranks, material: { ...material, freeQueries: await pictureFreeQueries(freeQueryTasks) } }
  } finally {
    for (const cache of opened) cache.close()
  }
}

/** Every protocol with every asked language that it has. Throws UserError for a language that no protocol has texts in. */
function planOf({ open, protocols, languages }: Evaluation): MeasuredTask[] {
  const plan = protocols.flatMap((protocol) =>
    languages.filter((language) => open.languagesOf(protocol).includes(language)).map((language) => ({ protocol, language })),
  )
  const absent = languages.find((language) => !plan.some((part) => part.language === language))
  if (absent === undefined) return plan
  const known = [...new Set(protocols.flatMap((protocol) => open.languagesOf(protocol)))]
  throw new UserError({
    where: `evaluation on ${open.corpus.name}, ${protocols.join(', ')}`,
    expected: `languages with captions (${known.join(', ')})`,
    got: absent,
    hint: `Leave this language out, or name a protocol that has it. ${languageHint(open.corpus, [absent])}`,
  })
}

function checkedAs(name: string): string {
  const { images, texts, source } = knownSets[name]!
  return `checked as ${name}: ${images} images, ${texts} captions (${source})`
}

/** One entry a model: the files and times of its number formats together, everything else from the first. */
function modelFacts(entries: ModelEntry[], times: ModelTime[]): Report['models'] {
  const models: Report['models'] = {}
  for (const { model, facts } of entries) models[model] = { ...facts, ...models[model], bytes: { ...models[model]?.bytes, ...facts.bytes } }
  for (const { model, dtype, image, text } of times) models[model]!.latency = { ...models[model]!.latency, [dtype]: { image, text } }
  return models
}
