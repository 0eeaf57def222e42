import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '../base/errors.ts'
import { progress } from '../base/progress.ts'
import { flagOf } from '../base/setting.ts'
import { notice } from '../base/watch.ts'
import { loadTokenizer } from '../tokenizers/load.ts'
import { trainTokenizer, writeTokenizer } from '../tokenizers/train.ts'
import type { TokenizerSettings } from './tokenizer-settings.ts'

/**
 * The tokenizer of a run: the named folder's (see checkTokenizer), else one trained on the train captions and kept in `dir/tokenizer`, where a
 * resumed run finds it.
 */
export async function runTokenizer(dir: string, texts: readonly string[], options: TokenizerSettings, resume?: boolean): Promise<string> {
  const { tokenizer, vocabSize, contextLength, tokenizerAlgorithm: algorithm } = options
  if (tokenizer) return tokenizer
  const trained = join(dir, 'tokenizer')
  if (resume && existsSync(join(trained, 'tokenizer.json'))) return trained
  notice(`tokenizer: learning ${vocabSize} tokens from ${texts.length} captions`)
  await writeTokenizer(trained, trainTokenizer(watched(texts), { vocabSize, contextLength, algorithm }))
  return trained
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

/** @throws UserError for a named tokenizer that cannot be loaded, or beside which its own properties are set: call it before a run has a folder */
export async function checkTokenizer(settings: TokenizerSettings): Promise<void> {
  const { tokenizer } = settings
  if (tokenizer === undefined) return
  requireNoTokenizerSettings(`--tokenizer ${tokenizer}`, settings)
  await loadTokenizer(tokenizer)
}

/** @throws UserError for what a tokenizer that was trained elsewhere says itself */
export function requireNoTokenizerSettings(where: string, { contextLength, tokenizerAlgorithm }: TokenizerSettings): void {
  const refuse = (expected: string, flag: string, hint: string) => {
    throw new UserError({ where, expected, got: flagOf(flag), hint })
  }
  if (contextLength !== undefined)
    refuse('its own context length', 'contextLength', 'Leave it out, or change model_max_length in a copy of its tokenizer_config.json.')
  if (tokenizerAlgorithm !== undefined) refuse('its own algorithm', 'tokenizerAlgorithm', 'Leave it out: nothing is trained.')
}
