import { UserError } from '../base/errors.ts'
import type { RetrievalTask } from '../corpora/retrieval-task.ts'
import { bootstrapMean, type Interval } from './bootstrap.ts'
import { cutoffs, directionMetrics, type MetricName, mean, type RecallName, recallName } from './metrics.ts'
import { rankRow } from './ranks.ts'
import { captionsOf, defaultQueries } from './retrieval.ts'
import { exactScore, normalisedRows, type Rows } from './rows.ts'
import { forEachScoreBlock } from './score-blocks.ts'
import { thumbnail, thumbnailSide } from './thumbnail.ts'

const thumbnailLength = thumbnailSide * thumbnailSide * 3

/** Drawings and the concept each of them shows. */
export interface PixelSet {
  /** `concepts[i]` is the concept (classId) of drawing i [N]. */
  concepts: readonly string[]
  /** Square RGBA bytes of drawing i [S, S, 4], not premultiplied. */
  read(i: number): Uint8Array | Promise<Uint8Array>
}

/** What pixels alone achieve, or why that cannot be said. */
export type PixelBaseline =
  | {
      available: true
      /** For each query the rank of its concept, from 1 [Q]. */
      ranks: Int32Array
      /** How many concepts compete. */
      gallery: number
      metrics: Partial<Record<MetricName, number>>
      interval95: Partial<Record<RecallName, Interval>>
    }
  | { available: false; reason: string }

/**
 * Pixel nearest neighbour: what image→text would score without any learning. Concepts are ranked by the
 * correlation of the query's 16×16 thumbnail with the nearest of the concept's reference drawings; a name then comes for
 * free. It bounds how much of a score is mere likeness between drawings of different vendors. Correlation rather than
 * plain distance, because it makes the stronger opponent: on openmoji 29 % instead of 22 % of the concepts come first.
 * @param queries drawings asked for, in the order of the task's image queries
 * @param references training drawings; every concept among them competes
 * @returns ranks and recalls, or the reason why there is no baseline (no references, or a query's concept is not among them)
 */
export async function pixelBaseline(queries: PixelSet, references: PixelSet, options: { seed?: number } = {}): Promise<PixelBaseline> {
  const known = [...new Set(references.concepts)]
  const absent = reasonForAbsence(queries.concepts, known)
  if (absent) return { available: false, reason: absent }

  const rows = new Map(known.map((concept, row) => [concept, row]))
  const owner = Int32Array.from(references.concepts, (concept) => rows.get(concept)!)
  const answers = Int32Array.from(queries.concepts, (concept) => rows.get(concept)!)
  const ranks = await rankByNearest(await contrasts(queries), await contrasts(references), owner, answers, known.length)
  const interval95: Partial<Record<RecallName, Interval>> = {}
  for (const cutoff of cutoffs) {
    interval95[recallName('image_to_text', cutoff)] = bootstrapMean(
      Array.from(ranks, (rank) => Number(rank <= cutoff)),
      options,
    )
  }
  return { available: true, ranks, gallery: known.length, metrics: directionMetrics('image_to_text', ranks), interval95 }
}

/**
 * The part of a task that pixels do not solve: image queries whose concept the baseline did not rank first, and the texts
 * that describe those images. The galleries stay whole, so scores compare with the full task's.
 * @param ranks from pixelBaseline, in the order of the task's image queries
 * @returns the task under `PROTOCOL/hard`, or null when the baseline solves every query
 */
export function hardSubset(task: RetrievalTask, ranks: ArrayLike<number>): RetrievalTask | null {
  const imageQueries = defaultQueries(captionsOf(task), task.imageQueries)
  if (imageQueries.length !== ranks.length) {
    throw new UserError({
      where: `${task.corpus} ${task.protocol}, hard subset`,
      expected: `a baseline rank for each of the ${imageQueries.length} image queries`,
      got: `${ranks.length}`,
      hint: 'Run the pixel baseline on the images this task asks for.',
    })
  }
  const hard = imageQueries.filter((_, i) => ranks[i]! > 1)
  const isHard = new Set(hard)
  const textQueries = defaultQueries(task.positives, task.textQueries).filter((text) => task.positives[text]!.some((image) => isHard.has(image)))
  if (hard.length === 0 || textQueries.length === 0) return null
  return { ...task, protocol: `${task.protocol}/hard`, imageQueries: hard, textQueries }
}

function reasonForAbsence(queries: readonly string[], known: string[]): string | undefined {
  if (known.length === 0) return 'no reference drawings: this corpus does not say which training images show the same concept'
  if (queries.length === 0) return 'no image queries'
  const references = new Set(known)
  const unseen = queries.filter((concept) => !references.has(concept)).length
  if (unseen === 0) return undefined
  return `${unseen} of ${queries.length} queries show concepts without a reference drawing: pixels cannot name what they never saw`
}

/** Thumbnails minus their mean, scaled to length 1 [N, 768]; a picture of one colour becomes zeros, equally far from all. */
async function contrasts(set: PixelSet): Promise<Rows> {
  const matrix = new Float32Array(set.concepts.length * thumbnailLength)
  for (let i = 0; i < set.concepts.length; i++) {
    const pixels = thumbnail(await set.read(i))
    const level = mean(pixels)
    matrix.set(
      pixels.map((value) => (Math.abs(value - level) < 1e-6 ? 0 : value - level)),
      i * thumbnailLength,
    )
  }
  return normalisedRows(matrix, thumbnailLength)
}

/**
 * Ranks each query's concept by the best score among its references. As in rankRows, concepts that come so near to the right one
 * that rounding could decide are scored again exactly.
 */
async function rankByNearest(queries: Rows, references: Rows, owner: Int32Array, answers: Int32Array, concepts: number): Promise<Int32Array> {
  const owned = Array.from({ length: concepts }, (): number[] => [])
  owner.forEach((concept, reference) => owned[concept]!.push(reference))
  const nearest = new Float32Array(queries.count * concepts).fill(Number.NEGATIVE_INFINITY)
  const errors = new Float64Array(queries.count)
  const everyQuery = Uint32Array.from({ length: queries.count }, (_, i) => i)
  await forEachScoreBlock(queries, everyQuery, references, (block) => {
    for (let q = block.from; q < block.to; q++) {
      errors[q] = block.errors[q - block.from]!
      const row = (q - block.from) * block.size
      for (let r = 0; r < block.size; r++) {
        const at = q * concepts + owner[block.first + r]!
        nearest[at] = Math.max(nearest[at]!, block.scores[row + r]!)
      }
    }
  })
  const exactNearest = (q: number, concept: number) => Math.max(...owned[concept]!.map((reference) => exactScore(queries, q, references, reference)))
  return Int32Array.from(answers, (answer, q) => {
    const scores = nearest.subarray(q * concepts, (q + 1) * concepts)
    const right = exactNearest(q, answer)
    scores.forEach((score, concept) => {
      if (concept === answer || Math.abs(score - right) <= errors[q]!) scores[concept] = exactNearest(q, concept)
    })
    return rankRow(scores, [answer])
  })
}
