import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { trainTokenizer, writeTokenizer } from '../tokenizers/train.ts'
import type { TrainingSet } from './training-set.ts'

/** The tokenizer of a run: the named folder's, else one trained on the train captions and kept in `dir/tokenizer`. */
export async function runTokenizer(dir: string, set: TrainingSet, options: { tokenizer?: string; vocabSize: number }): Promise<string> {
  if (options.tokenizer) return options.tokenizer
  const own = join(dir, 'tokenizer')
  if (existsSync(join(own, 'tokenizer.json'))) return own
  const { vocabSize } = options
  process.stderr.write(`tokenizer: learning ${vocabSize} tokens from ${set.texts.length} captions\n`)
  await writeTokenizer(own, trainTokenizer(set.texts, { vocabSize }))
  return own
}
