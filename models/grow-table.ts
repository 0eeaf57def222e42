import type { DualEncoder } from './dual-encoder.ts'

const table = 'text_model.embeddings.token_embedding.weight'

/** A text in tokens of the grown table, and its counterpart in a language that the model knows; both without special tokens. */
export interface TokenPair {
  text: readonly number[]
  counterpart: readonly number[]
}

/**
 * The model with rows for new tokens at the end of its token table. A row begins as the mean of those of the tokens that spelled it before, and is then fitted so that
 * the mean row of a text becomes that of its counterpart: a word begins where its translations are. Old rows stay as they are.
 * @param first id of the first new token
 * @param pieces new token → ids of the older ones
 */
export function growTable({ config, params, ...model }: DualEncoder, first: number, pieces: number[][], pairs: readonly TokenPair[]): DualEncoder {
  const { hidden_size: width, vocab_size: rows } = config.text_config
  const vocabSize = Math.max(rows, first + pieces.length)
  const data = new Float32Array(vocabSize * width)
  data.set(params[table]!.data)
  for (const [i, ids] of pieces.entries()) data.set(meanRow(data, width, ids), (first + i) * width)
  fitRows(data, width, first, pairs)
  return {
    ...model,
    config: { ...config, text_config: { ...config.text_config, vocab_size: vocabSize } },
    params: { ...params, [table]: { shape: [vocabSize, width], data } },
  }
}

const passes = 30
/** Part of a text's error that one visit takes away, at first; it falls to 0 over the passes, so that rows settle at what most of their texts ask. */
const rate = 0.3

/** Least mean squares, normalised (Widrow and Hoff 1960), in place: every text in turn moves its new rows towards what would make the means equal. */
function fitRows(data: Float32Array, width: number, first: number, pairs: readonly TokenPair[]): void {
  const visited = pairs.filter(({ text, counterpart }) => counterpart.length > 0 && text.some((id) => id >= first))
  const targets = visited.map(({ counterpart }) => meanRow(data, width, counterpart))
  for (let pass = 0; pass < passes; pass++) {
    for (const [i, { text }] of visited.entries()) {
      const fresh = text.filter((id) => id >= first)
      const mean = meanRow(data, width, text)
      const step = (rate * (1 - pass / passes) * text.length) / fresh.length
      for (const id of fresh) for (let d = 0; d < width; d++) data[id * width + d]! += step * (targets[i]![d]! - mean[d]!)
    }
  }
}

function meanRow(data: Float32Array, width: number, ids: readonly number[]): Float32Array {
  const mean = new Float32Array(width)
  for (const id of ids) for (let d = 0; d < width; d++) mean[d]! += data[id * width + d]! / ids.length
  return mean
}
