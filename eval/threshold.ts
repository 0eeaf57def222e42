import { permutation, random } from '../base/random.ts'
import type { RetrievalTask } from '../corpora/retrieval-task.ts'
import { defaultQueries } from './retrieval.ts'
import { exactScore, normalisedRows } from './rows.ts'
import { embedDim, requireEqualDims } from './similarity.ts'

/** Best cosines that searches for the texts of one task show, query by query [Q]. */
export interface BestScores {
  protocol: string
  language: string
  /** Among the pictures that are right for the query and unfitGallery others. */
  fitting: Float32Array
  /** Among the others alone: nothing fits. */
  unfit: Float32Array
}

/** A score below which nothing fits, and how often it errs on the tasks that it was chosen on. */
export interface Threshold {
  value: number
  measured: ThresholdErrors[]
}

interface ThresholdErrors {
  protocol: string
  language: string
  queries: number
  /** Queries whose right pictures are there, and the search shows nothing that reaches the threshold. */
  refused: number
  /** Queries whose right pictures are not there, and the search shows something that reaches it. */
  passed: number
}

/** Share of the queries of every task that may be refused. */
export const mostRefused = 0.05
/** Fewer queries a task say too little of a score. */
export const fewestQueries = 20
/** More say no more of it. */
const mostQueries = 2000
/** Other pictures a query is searched among: the best of more scores higher, and of a whole validation set some nearly fit, a wolf where the dog is missing. */
export const unfitGallery = 100

/**
 * What searches show for every text query, with its right pictures there and without; unfitGallery other pictures are drawn anew for each. Queries for
 * which no picture is right, or none wrong, are left out.
 * @param imageEmbeds [task.images, E], need not be normalised
 * @param textEmbeds [task.texts, E], need not be normalised
 * @throws UserError for embeddings that are not finite or not of equal length
 */
export function bestScores(task: RetrievalTask, imageEmbeds: Float32Array, textEmbeds: Float32Array): BestScores {
  const { corpus, protocol, language, positives } = task
  const where = `${corpus} ${protocol} (${language})`
  const count = task.images.length
  const dim = embedDim(`${where}, images`, imageEmbeds, count)
  requireEqualDims(where, dim, embedDim(`${where}, texts`, textEmbeds, task.texts.length))
  const [images, texts] = [normalisedRows(imageEmbeds, dim), normalisedRows(textEmbeds, dim)]
  const order = permutation(count, random(1))
  const start = random(2)
  const best = (text: number, list: number[]) =>
    list.reduce((most, image) => Math.max(most, exactScore(texts, text, images, image)), Number.NEGATIVE_INFINITY)
  const queries = spread(
    defaultQueries(positives, task.textQueries).filter((text) => new Set(positives[text]).size < count),
    mostQueries,
  )
  const unfit = queries.map((text) => best(text, drawOthers(order, Math.floor(start() * count), new Set(positives[text]))))
  const fitting = queries.map((text, q) => Math.max(unfit[q]!, best(text, positives[text]!)))
  return { protocol, language, fitting: Float32Array.from(fitting), unfit: Float32Array.from(unfit) }
}

/** The first pictures of a random order that are not among `right`, from a place in it on. */
function drawOthers(order: Uint32Array, from: number, right: ReadonlySet<number>): number[] {
  const drawn: number[] = []
  for (let i = 0; i < order.length && drawn.length < unfitGallery; i++) {
    const image = order[(from + i) % order.length]!
    if (!right.has(image)) drawn.push(image)
  }
  return drawn
}

function spread<T>(items: T[], most: number): T[] {
  return items.length <= most ? items : Array.from({ length: most }, (_, i) => items[Math.floor((i * items.length) / most)]!)
}

/**
 * The highest score that refuses at most mostRefused of the queries of every task, cut to four decimals: a search that says wrongly that nothing fits
 * would soon not be believed, and one that does not say it shows what it always showed. So no language and no protocol is refused more than that, and
 * how many queries pass though nothing fits is for `measured` to say.
 *
 *     t = min over tasks of the ⌊mostRefused · Q⌋ + 1st lowest score of `fitting`
 *
 * @returns undefined where no task has fewestQueries queries: the others are left out
 */
export function chooseThreshold(tasks: readonly BestScores[]): Threshold | undefined {
  const sets = tasks.filter(({ fitting }) => fitting.length >= fewestQueries)
  if (sets.length === 0) return undefined
  const limit = Math.min(...sets.map(({ fitting }) => fitting.toSorted()[Math.floor(mostRefused * fitting.length)]!))
  const value = Math.floor(limit * 1e4) / 1e4
  const below = (scores: Float32Array) => scores.reduce((count, score) => count + Number(score < value), 0)
  const measured = sets.map(({ protocol, language, fitting, unfit }) => ({
    protocol,
    language,
    queries: fitting.length,
    refused: below(fitting),
    passed: unfit.length - below(unfit),
  }))
  return { value, measured }
}
