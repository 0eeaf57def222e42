/** A small model with random weights and a tokenizer of its own, for tests of what becomes of it. */
import type { ExecutionContext } from 'ava'
import { normal, random } from '../../base/random.ts'
import { preset } from '../../models/config.ts'
import { createDualEncoder, type DualEncoder } from '../../models/dual-encoder.ts'
import { type Encoder, modelEncoder } from '../../models/encoder.ts'
import { loadTokenizer, type Tokenizer } from '../../tokenizers/load.ts'
import { trainTokenizer, writeTokenizer } from '../../tokenizers/train.ts'
import { temporaryFolder } from '../temporary-folder.ts'

export const captions = ['a red apple', 'a green pear on a plate', '红苹果', '绿色的梨', 'two black cats', '两只黑猫', 'sun', '太阳']

export interface SmallModel {
  model: DualEncoder
  tokenizer: Tokenizer
  tokenizerDir: string
  encoder: Encoder
}

export async function smallModel(t: ExecutionContext): Promise<SmallModel> {
  const tokenizerDir = await temporaryFolder(t)
  await writeTokenizer(tokenizerDir, trainTokenizer(captions, { vocabSize: 300, contextLength: 16 }))
  const tokenizer = await loadTokenizer(tokenizerDir)
  const config = preset('tiny', { vocabSize: tokenizer.vocabSize, contextLength: 16, imageSize: 32, embedDim: 64 })
  const model = createDualEncoder(config, 1)
  // Fresh biases and norms are all alike; a trained model's are not.
  const next = random(2)
  for (const { data } of Object.values(model.params)) for (let i = 0; i < data.length; i++) data[i]! += 0.05 * normal(next)
  const encoder = await modelEncoder('small', model, tokenizer, { threads: 1 })
  t.teardown(() => encoder.release())
  return { model, tokenizer, tokenizerDir, encoder }
}

/** Noise in the range of real pixel values. */
export function noise(count: number, size: number, seed = 3): Float32Array {
  const next = random(seed)
  return Float32Array.from({ length: count * 3 * size * size }, () => normal(next))
}

/** Least cosine between rows of unit length. */
export function leastCosine(a: Float32Array, b: Float32Array, dim: number): number {
  if (a.length !== b.length) throw new Error(`${a.length} numbers against ${b.length}`)
  let least = Infinity
  for (let start = 0; start < a.length; start += dim) {
    let sum = 0
    for (let i = start; i < start + dim; i++) sum += a[i]! * b[i]!
    least = Math.min(least, sum)
  }
  return least
}
