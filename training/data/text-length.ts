import type { ClipConfig } from '../../models/config.ts'
import type { Tokenizer } from '../../tokenizers/load.ts'
import type { TrainingSet } from './training-set.ts'

/** Tokens of a text in training: the longest percent of the captions is cut, for what is compared token by token is as long as the longest text. */
export function textLengthOf({ set, tokenizer, config }: { set: TrainingSet; tokenizer: Tokenizer; config: ClipConfig }): number {
  const lengths = set.texts.map((text) => tokenizer.encode(text).length).sort((a, b) => a - b)
  const long = lengths[Math.ceil(0.99 * (lengths.length - 1))]!
  return Math.min(config.text_config.max_position_embeddings, Math.ceil(long / 4) * 4)
}
