import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '../engine/errors.ts'
import { progress } from '../engine/progress.ts'
import { trainTokenizer, writeTokenizer } from '../tokenizers/train.ts'
import type { TrainingSet } from './training/training-set.ts'

export interface TokenizerOptions {
  tokenizer?: string
  vocabSize: number
  contextLength?: number
}

/**
 * The tokenizer of a run: the named folder's, else one trained on the train captions and kept in `dir/tokenizer`, where a resumed run finds it.
 * @throws UserError for a context length beside a tokenizer that has its own
 */
export async function runTokenizer(dir: string, set: TrainingSet, options: TokenizerOptions, resume?: boolean): Promise<string> {
  const { tokenizer, vocabSize, contextLength } = options
  if (tokenizer && contextLength !== undefined) throw ownContext(`--tokenizer ${tokenizer}`)
  if (tokenizer) return tokenizer
  const own = join(dir, 'tokenizer')
  if (resume && existsSync(join(own, 'tokenizer.json'))) return own
  process.stderr.write(`tokenizer: learning ${vocabSize} tokens from ${set.texts.length} captions\n`)
  await writeTokenizer(own, trainTokenizer(watched(set.texts), { vocabSize, contextLength }))
  return own
}

/** Shows how far the trainer has read: counting words takes most of its time. */
function* watched(texts: readonly string[]): Generator<string> {
  const bar = progress('tokenizer', texts.length, 'captions')
  try {
    for (const [i, text] of texts.entries()) {
      if (i % 1000 === 0) bar.update(i)
      yield text
    }
    bar.update(texts.length)
  } finally {
    bar.stop()
  }
}

/** A tokenizer that was trained elsewhere says itself where it cuts. */
export function ownContext(where: string): UserError {
  const hint = 'Leave --contextLength out, or change model_max_length in a copy of its tokenizer_config.json.'
  return new UserError({ where, expected: 'its own context length', got: '--contextLength', hint })
}
