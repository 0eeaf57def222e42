import { type Block, sortedBlocks } from '../models/blocks.ts'
import type { ClipConfig } from '../models/config.ts'
import type { Tokenizer } from '../tokenizers/load.ts'
import type { Sampler } from './data/draw.ts'
import { textLengthOf } from './data/text-length.ts'
import type { TrainingSet } from './data/training-set.ts'
import { comparedLayers } from './objectives/inner-layers.ts'
import type { Weights } from './objectives/objective.ts'

/** How the texts of a run's steps lie in their inputs. */
interface TextLayout {
  /** T, and blocks of texts sorted by length, each padded to its own longest; for the step's shape. */
  shape: { textLength: number; textBlocks?: Block[] }
  /** input_ids and attention_mask of captions, by index into the set's texts, and text_order where they are sorted. [L·B] → [L·B, T], [L·B] */
  inputs(captions: Uint32Array): { input_ids: Int32Array; attention_mask: Int32Array; text_order?: Int32Array }
}

/**
 * The layout of all batches that a run draws: half of a text tower's work on short captions would be padding, so they come sorted, and blocks have the
 * lengths that suffice for every batch. Where an objective looks into the text tower, all texts have T tokens and their own order. Images alone have none.
 */
export function textLayout(
  source: { set: TrainingSet; tokenizer: Tokenizer; config: ClipConfig; weights: Weights },
  draws: Sampler,
  batches: number,
): TextLayout {
  const { set, tokenizer, config, weights } = source
  if (set.texts.length === 0) return { shape: { textLength: 0 }, inputs: () => ({ input_ids: new Int32Array(), attention_mask: new Int32Array() }) }
  const textLength = textLengthOf(source)
  const encode = (captions: Iterable<number>) => {
    const { inputIds, attentionMask } = tokenizer.encodeBatch(
      Array.from(captions, (text) => set.texts[text]!),
      textLength,
    )
    return { input_ids: inputIds, attention_mask: attentionMask }
  }
  if (comparedLayers(weights, 'text').length > 0) return { shape: { textLength }, inputs: encode }
  const lengths = Uint16Array.from(set.texts, (text) => Math.min(tokenizer.encode(text).length, textLength))
  return {
    shape: { textLength, textBlocks: sortedBlocks(config.text_config, longest(lengths, textLength, draws, batches)) },
    inputs(captions) {
      const sorted = Array.from(captions.keys()).sort((a, b) => lengths[captions[b]!]! - lengths[captions[a]!]!)
      const text_order = new Int32Array(captions.length)
      for (const [row, text] of sorted.entries()) text_order[text] = row
      return { ...encode(sorted.map((text) => captions[text]!)), text_order }
    },
  }
}

/** How many texts of a batch have t tokens or more, the most of all batches. [T + 1] */
function longest(lengths: Uint16Array, textLength: number, draws: Sampler, batches: number): Uint32Array {
  const most = new Uint32Array(textLength + 1)
  for (let batch = 0; batch < batches; batch++) {
    const counts = new Uint32Array(textLength + 1)
    for (const captions of Object.values(draws.draw(batch).captions)) for (const text of captions) counts[Math.max(1, lengths[text]!)]!++
    let sum = 0
    for (let tokens = textLength; tokens > 0; tokens--) {
      sum += counts[tokens]!
      most[tokens] = Math.max(most[tokens]!, sum)
    }
  }
  return most
}
