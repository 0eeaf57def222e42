import { UserError } from '../base/errors.ts'
import { permutation, random } from '../base/random.ts'
import { normalisedRows } from './rows.ts'
import type { ScoreOptions } from './score-blocks.ts'
import type { SearchHit } from './search.ts'
import { embedDim, pickRows, requireEqualDims, unitRows } from './similarity.ts'
import { topRows } from './top-rows.ts'

/** Share of the held-out pictures that their own text is to find first. */
const wantedShare = 0.5
/** Fewer held-out pictures say too little of a score. */
const fewestHeldOut = 20
/** Mean cosine of two pictures from which on a model does not tell them apart. */
const mostAlike = 0.98

/** The text that each picture is nearest to, and the score from which on it is taken for a caption. */
export interface PseudoCaptions {
  /** Picture by picture. */
  nearest: SearchHit[]
  minScore: number
  /** Of the held-out pictures that reach it, the share that their text finds first. */
  found: number
}

/**
 * For each picture the text that is nearest to what sets the picture apart from the others:
 *
 *     argmax over t of cos(v − v̄, t),  v̄ = mean of the unit vectors v of all pictures
 *
 * What all pictures have in common is taken off, or a few texts would be nearest to all of them. `minScore` is chosen on a tenth of the pictures: the lowest score such
 * that of those that reach it half are the picture of that tenth that their own text finds first.
 * @param imageEmbeds [N, E], need not be normalised
 * @param textEmbeds [M, E], need not be normalised
 * @throws UserError for embeddings that are not finite or not of equal length, and for pictures that the model does not tell apart
 */
export async function pseudoCaptions(
  where: string,
  { imageEmbeds, images }: { imageEmbeds: Float32Array; images: number },
  { textEmbeds, texts }: { textEmbeds: Float32Array; texts: number },
  options: ScoreOptions = {},
): Promise<PseudoCaptions> {
  const dim = embedDim(`${where}, pictures`, imageEmbeds, images)
  requireEqualDims(where, dim, embedDim(`${where}, texts`, textEmbeds, texts))
  const centred = withoutMean(where, unitRows(imageEmbeds, dim), dim)
  const gallery = normalisedRows(textEmbeds, dim)
  const all = Array.from({ length: images }, (_, i) => i)
  const nearest = (await topRows(normalisedRows(centred, dim), all, gallery, 1, options)).map(([hit]) => hit!)
  const heldOut = [...permutation(images, random(1)).subarray(0, Math.max(fewestHeldOut, Math.ceil(images / 10)))]
  const shown = normalisedRows(pickRows(centred, heldOut, dim), dim)
  const asked = heldOut.map((image) => nearest[image]!.index)
  const lists = await topRows(gallery, asked, shown, 1, options)
  const outcomes = heldOut.map((image, i) => ({ score: nearest[image]!.score, isFound: lists[i]![0]!.index === i }))
  return { nearest, ...chooseMinScore(outcomes) }
}

/** The lowest score from which on wantedShare of the outcomes are found; where no score has that, the one with the largest share. */
export function chooseMinScore(outcomes: readonly { score: number; isFound: boolean }[]): Pick<PseudoCaptions, 'minScore' | 'found'> {
  const best = { minScore: Infinity, found: 0 }
  let hits = 0
  for (const [i, { score, isFound }] of outcomes.toSorted((a, b) => b.score - a.score).entries()) {
    hits += Number(isFound)
    const found = hits / (i + 1)
    const isEnough = found >= wantedShare || (best.found < wantedShare && found >= best.found)
    if (isEnough && i + 1 >= Math.min(fewestHeldOut, outcomes.length)) Object.assign(best, { minScore: score, found })
  }
  return best
}

function withoutMean(where: string, unit: Float32Array, dim: number): Float32Array {
  const mean = new Float64Array(dim)
  const count = unit.length / dim
  unit.forEach((value, i) => void (mean[i % dim]! += value / count))
  const alike = mean.reduce((sum, value) => sum + value * value, 0)
  if (alike >= mostAlike) {
    throw new UserError({
      where,
      expected: `pictures that the teacher tells apart: a mean cosine of two below ${mostAlike}`,
      got: alike.toFixed(3),
      hint: 'Look at its preprocessing with `distilingual inspect`, or take another teacher.',
    })
  }
  return unit.map((value, i) => value - mean[i % dim]!)
}
