import { UserError } from '../base/errors.ts'
import type { RetrievalTask } from '../corpora/retrieval-task.ts'
import { mean, recallAt } from './metrics.ts'
import { rankRows } from './ranks.ts'
import { writtenCaptions } from './retrieval.ts'
import { normalisedRows } from './rows.ts'
import type { ScoreOptions } from './score-blocks.ts'
import { embedDim, pickRows, requireEqualDims } from './similarity.ts'
import { topRows } from './top-rows.ts'

/** One language's side of a comparison. */
export interface LanguageSide {
  task: RetrievalTask
  /** [task.texts, E] */
  textEmbeds: Float32Array
}

/** How many first places NDCG looks at. */
const ndcgDepth = 20

export interface ConsistencyResult {
  languages: [string, string]
  /** Pairs of a caption and its translation. */
  queries: number
  /** Images that both languages rank. */
  gallery: number
  metrics: {
    'overlap@1': number
    'overlap@5': number
    'overlap@10': number
    'ndcg@20': number
    'text_to_text_R@1': number
    'text_to_text_R@5': number
    'text_to_text_R@10': number
    'text_to_text_R@1_reverse': number
    'text_to_text_R@5_reverse': number
    'text_to_text_R@10_reverse': number
  }
}

/**
 * Compares what a caption and its translation find among the same images, whether it is right or not, and how well texts of one
 * language find their translation among those of the other.
 *
 *     overlap@k = mean of |topₖ(a) ∩ topₖ(b)| / k
 *     ndcg@20   = mean of ½[NDCG(b | a) + NDCG(a | b)];  NDCG(b | a) = Σᵣ g(bᵣ)/log₂(r + 1) / Σᵣ (21 − r)/log₂(r + 1),  r = 1 … 20,
 *                 where g of an image is 21 − its rank with a, and 0 beyond rank 20
 *
 * Any text that is written like the translation is as right as it. An image's first caption in each language makes the pair, so both tasks must have been made of the same images; images without
 * captions in one of the languages are left out of both. Ties are broken in opposite ways for the two: a model that gives everything
 * one score does not pass for a consistent one.
 * @param imageEmbeds of the images of `a.task` [a.task.images, E]; need not be normalised, nor do the texts
 * @throws UserError when the languages share no images, and for embeddings that are not finite or not of equal length
 */
export async function crossLingualConsistency(
  a: LanguageSide,
  b: LanguageSide,
  imageEmbeds: Float32Array,
  options: ScoreOptions = {},
): Promise<ConsistencyResult> {
  const where = `consistency of ${a.task.language} and ${b.task.language}, ${a.task.protocol}`
  const dim = embedDim(`${where}, images`, imageEmbeds, a.task.images.length)
  for (const side of [a, b]) requireEqualDims(where, dim, embedDim(`${where}, texts`, side.textEmbeds, side.task.texts.length))
  const pairs = translations(where, a.task, b.task)
  const picked = (embeds: Float32Array, of: (pair: Pair) => number) => normalisedRows(pickRows(embeds, pairs.map(of), dim), dim)
  const images = picked(imageEmbeds, ({ image }) => image)
  const first = picked(a.textEmbeds, (pair) => pair.a)
  const second = picked(b.textEmbeds, (pair) => pair.b)
  const everyPair = pairs.map((_, i) => i)

  const byFirst = await topRows(first, everyPair, images, ndcgDepth, { ...options, ties: 'first' })
  const bySecond = await topRows(second, everyPair, images, ndcgDepth, { ...options, ties: 'last' })
  const rankings = byFirst.map((hits, i) => ({ a: hits.map(({ index }) => index), b: bySecond[i]!.map(({ index }) => index) }))
  const overlap = (k: number) => mean(rankings.map((ranking) => overlapAt(ranking.a, ranking.b, k)))

  const there = await rankRows(
    first,
    everyPair,
    second,
    sameText(
      b.task,
      pairs.map((pair) => pair.b),
    ),
    options,
  )
  const back = await rankRows(
    second,
    everyPair,
    first,
    sameText(
      a.task,
      pairs.map((pair) => pair.a),
    ),
    options,
  )
  return {
    languages: [a.task.language, b.task.language],
    queries: pairs.length,
    gallery: pairs.length,
    metrics: {
      'overlap@1': overlap(1),
      'overlap@5': overlap(5),
      'overlap@10': overlap(10),
      'ndcg@20': mean(rankings.map((ranking) => (ndcg(ranking.a, ranking.b) + ndcg(ranking.b, ranking.a)) / 2)),
      'text_to_text_R@1': recallAt(there, 1),
      'text_to_text_R@5': recallAt(there, 5),
      'text_to_text_R@10': recallAt(there, 10),
      'text_to_text_R@1_reverse': recallAt(back, 1),
      'text_to_text_R@5_reverse': recallAt(back, 5),
      'text_to_text_R@10_reverse': recallAt(back, 10),
    },
  }
}

/** For every one of `captions`, the places in it that hold the very same text: as right an answer as its own. */
function sameText({ texts }: RetrievalTask, captions: readonly number[]): number[][] {
  const places = new Map<string, number[]>()
  for (const [place, caption] of captions.entries()) {
    const known = places.get(texts[caption]!)
    if (known) known.push(place)
    else places.set(texts[caption]!, [place])
  }
  return captions.map((caption) => places.get(texts[caption]!)!)
}

/** |first k of a ∩ first k of b| / k, with k at most the length of the shorter one. */
export function overlapAt(a: readonly number[], b: readonly number[], k: number): number {
  const depth = Math.min(k, a.length, b.length)
  const first = new Set(a.slice(0, depth))
  return b.slice(0, depth).filter((index) => first.has(index)).length / depth
}

/** NDCG of `ranking` where an item is worth the more the further in front it stands in `reference`; see crossLingualConsistency. */
export function ndcg(reference: readonly number[], ranking: readonly number[]): number {
  const worth = new Map(reference.map((index, place) => [index, reference.length - place]))
  const gain = (order: readonly number[]) => order.reduce((sum, index, place) => sum + (worth.get(index) ?? 0) / Math.log2(place + 2), 0)
  return gain(ranking) / gain(reference)
}

/** An image with captions in both languages (its index in `a`'s task), and its first caption in each. */
interface Pair {
  image: number
  a: number
  b: number
}

function translations(where: string, a: RetrievalTask, b: RetrievalTask): Pair[] {
  const captions = { a: writtenCaptions(a), b: writtenCaptions(b) }
  const inB = new Map(b.images.map(({ id }, image) => [id, image]))
  const pairs = a.images.flatMap(({ id }, image) => {
    const first = captions.a[image]![0]
    const second = captions.b[inB.get(id) ?? -1]?.[0]
    return first === undefined || second === undefined ? [] : [{ image, a: first, b: second }]
  })
  if (pairs.length > 0) return pairs
  throw new UserError({
    where,
    expected: 'images with captions in both languages',
    got: 'none',
    hint: 'Ask for one protocol in both languages; images are matched by their id.',
  })
}
