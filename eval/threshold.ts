import { permutation, random } from '../base/random.ts'
import type { RetrievalTask } from '../corpora/retrieval-task.ts'
import { defaultQueries } from './retrieval.ts'
import { exactScore, normalisedRows } from './rows.ts'
import { embedDim, requireEqualDims } from './similarity.ts'

/** Best cosines of the texts of one task, query by query [Q]. */
export interface BestScores {
  protocol: string
  language: string
  /** With the pictures that are right for the query: what a search finds where something fits. */
  own: Float32Array
  /** With unfitGallery other pictures: what a search finds in a folder where nothing fits. */
  others: Float32Array
}

/** A score below which nothing fits, and how often it errs on the tasks that it was chosen on. */
export interface Threshold {
  value: number
  measured: ThresholdErrors[]
}

export interface ThresholdErrors {
  protocol: string
  language: string
  queries: number
  /** Queries whose right pictures all score below the threshold: called unfit though they fit. */
  refused: number
  /** Queries for which one of unfitGallery other pictures reaches it: something seems to fit though nothing does. */
  passed: number
}

/** Fewer queries a task say too little of a score. */
export const fewestQueries = 20
/** More say no more of it. */
const mostQueries = 2000
/**
 * Other pictures a query is scored with. The best of more scores higher, and the nearest of a whole validation set nearly fit: a wolf where the dog is
 * missing.
 */
export const unfitGallery = 100

/**
 * The best right score of every text query, and the best of unfitGallery other pictures, drawn anew for each query; queries without either are left out.
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
  const best = (text: number, list: number[]) => list.reduce((most, image) => Math.max(most, exactScore(texts, text, images, image)), -Infinity)
  const queries = spread(
    defaultQueries(positives, task.textQueries).filter((text) => new Set(positives[text]).size < count),
    mostQueries,
  )
  const own = queries.map((text) => best(text, positives[text]!))
  const others = queries.map((text) => best(text, drawOthers(order, Math.floor(start() * count), new Set(positives[text]))))
  return { protocol, language, own: Float32Array.from(own), others: Float32Array.from(others) }
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
 * The score t that tells fitting from unfit best: Youden's J, every task with the same weight,
 *
 *     t = argmax mean over tasks of (share of own ≥ t − share of others ≥ t)
 *
 * in the middle between the two scores around it, cut to four decimals; of several such t the lowest, which refuses least. Source: Youden 1950.
 * @returns undefined where no task has fewestQueries queries: the others are left out
 */
export function chooseThreshold(tasks: readonly BestScores[]): Threshold | undefined {
  const sets = tasks.filter(({ own }) => own.length >= fewestQueries)
  if (sets.length === 0) return undefined
  const steps = sets.flatMap(({ own, others }) => [
    ...Array.from(own, (score) => ({ score, gain: -1 / own.length })), // a threshold above it refuses it
    ...Array.from(others, (score) => ({ score, gain: 1 / others.length })),
  ])
  const cut = bestCut(steps.sort((a, b) => a.score - b.score))
  const value = Math.floor(cut * 1e4) / 1e4 // as it is written; counted with this one
  const below = (scores: Float32Array) => scores.reduce((count, score) => count + Number(score < value), 0)
  const measured = sets.map(({ protocol, language, own, others }) => ({
    protocol,
    language,
    queries: own.length,
    refused: below(own),
    passed: others.length - below(others),
  }))
  return { value, measured }
}

/** Where the sum of the gains of all lower scores is greatest. Scores ascend. */
function bestCut(steps: readonly { score: number; gain: number }[]): number {
  let sum = 0
  let best = { sum: 0, cut: steps[0]!.score } // below everything: nothing is refused
  for (let i = 0; i + 1 < steps.length; i++) {
    sum += steps[i]!.gain
    const [score, next] = [steps[i]!.score, steps[i + 1]!.score]
    if (next > score && sum > best.sum + 1e-12) best = { sum, cut: (score + next) / 2 }
  }
  return best.cut
}
