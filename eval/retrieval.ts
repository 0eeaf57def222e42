import { UserError } from '../base/errors.ts'
import type { RetrievalTask } from '../corpora/retrieval-task.ts'
import { type MetricName, retrievalMetrics } from './metrics.ts'
import { rankRows } from './ranks.ts'
import { normalisedRows } from './rows.ts'
import type { ScoreOptions } from './score-blocks.ts'
import { embedDim, requireEqualDims } from './similarity.ts'

/** One direction of a retrieval: who asked, among how many, and where the right answer came. */
export interface RankedDirection {
  /** Indices of the queries in the task (texts for text→image, images for image→text) [Q]. */
  queries: number[]
  /** The image that each query is about (the one a text was written for, else the first of several) [Q]: bootstrap resamples these, captions of one image together. */
  items: Int32Array
  /** Rank of the best positive, from 1 [Q]. */
  ranks: Int32Array
  /** How many candidates each query had. */
  gallery: number
}

export interface RetrievalResult {
  corpus: string
  protocol: string
  language: string
  metrics: Record<MetricName, number>
  textToImage: RankedDirection
  imageToText: RankedDirection
}

/**
 * Scores one retrieval task in both directions by cosine. A query is a hit at K when any of its positives is in the top K,
 * so an image with five captions is one image→text query with five right answers, and five text→image queries.
 * Source: recall@K as in CLIP_benchmark and open_clip, except that ties do not favour the model (see rankRow).
 * @param imageEmbeds [task.images, E], need not be normalised
 * @param textEmbeds [task.texts, E], need not be normalised; neither is copied as a whole
 * @throws UserError for embeddings that are not finite or not of equal length, an empty gallery, a query without ground truth
 */
export async function evaluateRetrieval(
  task: RetrievalTask,
  imageEmbeds: Float32Array,
  textEmbeds: Float32Array,
  options: ScoreOptions = {},
): Promise<RetrievalResult> {
  const where = `${task.corpus} ${task.protocol} (${task.language})`
  requireSaneTask(where, task)
  const dim = embedDim(`${where}, images`, imageEmbeds, task.images.length)
  requireEqualDims(where, dim, embedDim(`${where}, texts`, textEmbeds, task.texts.length))

  const images = normalisedRows(imageEmbeds, dim)
  const texts = normalisedRows(textEmbeds, dim)
  const textQueries = queriesOf(where, 'text', task.positives, task.textQueries)
  const imagePositives = captionsOf(task)
  const imageQueries = queriesOf(where, 'image', imagePositives, task.imageQueries)

  const textToImage: RankedDirection = {
    queries: textQueries,
    items: Int32Array.from(textQueries, (text) => task.writtenFor?.[text] ?? task.positives[text]![0]!),
    ranks: await rankRows(
      texts,
      textQueries,
      images,
      textQueries.map((text) => task.positives[text]!),
      options,
    ),
    gallery: task.images.length,
  }
  const imageToText: RankedDirection = {
    queries: imageQueries,
    items: Int32Array.from(imageQueries),
    ranks: await rankRows(
      images,
      imageQueries,
      texts,
      imageQueries.map((image) => imagePositives[image]!),
      options,
    ),
    gallery: task.texts.length,
  }
  return {
    corpus: task.corpus,
    protocol: task.protocol,
    language: task.language,
    metrics: retrievalMetrics(textToImage.ranks, imageToText.ranks),
    textToImage,
    imageToText,
  }
}

/** For each image of the task the indices of the texts that describe it, ascending: `positives` turned round. */
export function captionsOf(task: Pick<RetrievalTask, 'images' | 'positives'>): number[][] {
  // Captions of one class share a list of images, and images of one class get one list of captions: written out, large classes would not fit.
  const textsOf = new Map<number[], number[]>()
  for (const [text, images] of task.positives.entries()) {
    const texts = textsOf.get(images)
    if (texts) texts.push(text)
    else textsOf.set(images, [text])
  }
  const captions: number[][][] = task.images.map(() => [])
  for (const [images, texts] of textsOf) for (const image of new Set(images)) captions[image]?.push(texts)
  return captions.map(([first = [], ...more]) => (more.length === 0 ? first : [first, ...more].flat().sort((a, b) => a - b)))
}

/** For each image of the task the texts that were written for it, without those that are right because they describe its class. */
export function writtenCaptions(task: Pick<RetrievalTask, 'images' | 'positives' | 'writtenFor'>): number[][] {
  return captionsOf(task.writtenFor ? { images: task.images, positives: task.writtenFor.map((image) => [image]) } : task)
}

/** The queries of one side: those the task names, or else every item that has a right answer. */
export function defaultQueries(positives: readonly (readonly number[])[], named?: readonly number[]): number[] {
  return named ? [...named] : [...positives.keys()].filter((item) => positives[item]!.length > 0)
}

function queriesOf(where: string, side: 'text' | 'image', positives: number[][], named?: number[]): number[] {
  const queries = defaultQueries(positives, named)
  if (queries.length === 0) {
    throw new UserError({
      where: `${where}, ${side} queries`,
      expected: 'at least one query with ground truth',
      got: 'none',
      hint: 'Check that images and captions of this split share their ids.',
    })
  }
  const orphan = queries.find((query) => !positives[query]?.length)
  if (orphan !== undefined) {
    throw new UserError({
      where: `${where}, ${side} query ${orphan}`,
      expected: 'at least one right answer in the gallery',
      got: positives[orphan] ? 'none' : 'an index outside the task',
      hint: 'Leave it out of the queries (it may stay in the gallery), or add its ground truth.',
    })
  }
  return queries
}

function requireSaneTask(where: string, task: RetrievalTask): void {
  if (task.positives.length !== task.texts.length) {
    throw new UserError({
      where,
      expected: `one list of positives for each of the ${task.texts.length} texts`,
      got: `${task.positives.length}`,
      hint: 'A text that only distracts has an empty list.',
    })
  }
  task.positives.forEach((images, text) => {
    const outside = images.find((image) => task.images[image] === undefined)
    if (outside === undefined) return
    throw new UserError({
      where: `${where}, text ${text}`,
      expected: `positives in 0…${task.images.length - 1}`,
      got: String(outside),
      hint: 'The index points outside the images; were images dropped after the pairs were made?',
    })
  })
  // An image that is listed once per caption would be scored caption by caption, which no published protocol does.
  const seen = new Set<string>()
  for (const { id } of task.images) {
    if (seen.has(id)) {
      throw new UserError({
        where,
        expected: 'each image once, with all of its captions as positives',
        got: `image ${id} more than once`,
        hint: 'Captions would be scored one-to-one; list the image once and point every caption at it.',
      })
    }
    seen.add(id)
  }
}
