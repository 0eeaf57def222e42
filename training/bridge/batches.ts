import type { Random } from '../../base/random.ts'
import type { Numbers } from '../../engine/runtime.ts'
import type { PseudoPhotographs } from './rows.ts'
import { residuals } from './rows.ts'
import { type Concept, conceptSampler, type Group, ownership } from './sampler.ts'

/** All that batches are made of. F features, E the width of texts. */
export interface BatchSource {
  concepts: readonly Concept[]
  /** Features of pictures as the tower gives them. [N, F] */
  features: Float32Array
  width: number // F
  /** Rows from N on. */
  pseudo?: PseudoPhotographs
  mean: Float32Array // [F]
  scale: Float32Array // [F]
  /** Centred unit vectors of texts. [texts, E] */
  texts: Float32Array
  /** Unit means of each concept's texts. [concepts, E] */
  conceptTexts: Float32Array
  embedDim: number // E
}

interface BatchOptions {
  shares: Record<Group, number>
  batchSize: number
  hidden: number
  textHidden: number
  noise: number
  dropout: number
  hiddenDropout: number
  seed: number
}

/** Inputs of the step with that number, a pure function of seed and step. Their arrays are filled anew for the next one: a step is done with them before. */
export function bridgeBatches(source: BatchSource, options: BatchOptions): (step: number) => Record<string, Numbers> {
  const { concepts, features, width, pseudo, mean, scale, texts, conceptTexts, embedDim } = source
  const { batchSize, hidden, textHidden, noise } = options
  const draw = conceptSampler(concepts, options.shares, batchSize, options.seed)
  const owned = concepts.map(({ texts }) => new Set(texts))
  const count = features.length / width
  const rest = residuals(concepts, features, width)
  const x = new Float32Array(batchSize * width)
  const text = new Float32Array(batchSize * embedDim)
  const conceptText = new Float32Array(batchSize * embedDim)
  const keepFeatures = new Float32Array(batchSize * width)
  const keepHidden = new Float32Array(batchSize * hidden)
  const keepTextHidden = new Float32Array(batchSize * textHidden)
  return (step) => {
    const drawn = draw(step)
    const noises = drawn.stream(1)
    for (let b = 0; b < batchSize; b++) {
      const [picture, concept] = [drawn.pictures[b]!, drawn.concepts[b]!]
      const row = x.subarray(b * width, (b + 1) * width)
      if (picture < count) row.set(features.subarray(picture * width, (picture + 1) * width))
      else {
        row.set(pseudo!.data.subarray((picture - count) * width, (picture - count + 1) * width))
        if (noise > 0 && rest.count > 0) rest.addTo(row, Math.floor(noises() * rest.count), noise)
        const [from, to] = pseudo!.rectified ?? [0, 0]
        for (let i = from; i < to; i++) if (row[i]! < 0) row[i] = 0
      }
      for (let i = 0; i < width; i++) row[i] = (row[i]! - mean[i]!) * scale[i]!
      const at = drawn.texts[b]!
      text.set(texts.subarray(at * embedDim, (at + 1) * embedDim), b * embedDim)
      conceptText.set(conceptTexts.subarray(concept * embedDim, (concept + 1) * embedDim), b * embedDim)
    }
    return {
      features: x,
      text,
      concept_text: conceptText,
      positives: ownership(drawn, owned),
      keep_features: fillMask(keepFeatures, options.dropout, drawn.stream(2)),
      ...(hidden > 0 && { keep_hidden: fillMask(keepHidden, options.hiddenDropout, drawn.stream(3)) }),
      ...(textHidden > 0 && { keep_text_hidden: fillMask(keepTextHidden, options.hiddenDropout, drawn.stream(4)) }),
    }
  }
}

/** 0 with probability p, else 1/(1 − p). */
function fillMask(mask: Float32Array, p: number, next: Random): Float32Array {
  const kept = 1 / (1 - p)
  for (let i = 0; i < mask.length; i++) mask[i] = p > 0 && next() < p ? 0 : kept // Float32Array.from takes five times as long
  return mask
}
