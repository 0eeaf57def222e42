import type { DualEncoder } from './dual-encoder.ts'

const table = 'text_model.embeddings.token_embedding.weight'

/**
 * The model with rows for new tokens at the end of its token table. A row begins as the mean of those of the tokens that spelled it before.
 * @param first id of the first new token
 * @param pieces new token → ids of the older ones
 */
export function growTable({ config, params, ...model }: DualEncoder, first: number, pieces: number[][]): DualEncoder {
  const { hidden_size: width, vocab_size: rows } = config.text_config
  const vocabSize = Math.max(rows, first + pieces.length)
  const data = new Float32Array(vocabSize * width)
  data.set(params[table]!.data)
  for (const [i, ids] of pieces.entries()) {
    const row = data.subarray((first + i) * width, (first + i + 1) * width).fill(0)
    for (const id of ids) for (let d = 0; d < width; d++) row[d]! += data[id * width + d]! / ids.length
  }
  return {
    ...model,
    config: { ...config, text_config: { ...config.text_config, vocab_size: vocabSize } },
    params: { ...params, [table]: { shape: [vocabSize, width], data } },
  }
}
