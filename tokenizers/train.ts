import { join } from 'node:path'
import { mkdir, writeFileAtomic } from '../base/disk.ts'
import { UserError } from '../base/errors.ts'
import { trainBpe } from './bpe.ts'
import { countWords, normalizerJson, preTokenizerJson } from './pipeline.ts'
import { trainUnigram } from './unigram.ts'

/** The two files by which Hugging Face's libraries know a tokenizer. */
export type TokenizerFiles = { tokenizerJson: object; tokenizerConfig: object }

export type TrainTokenizerOptions = {
  vocabSize: number
  /**
   * bpe by default: it needs fewer tokens for captions it was not trained on, as it keeps the parts of words. unigram
   * needs fewer for those it was trained on: a choice for closed sets of captions. `bench/tokenizers.ts` measures both.
   */
  algorithm?: 'unigram' | 'bpe'
  contextLength?: number
}

// CLIP pools at the first end token, unless its id is 2: that one selects an old rule. Hence 3.
const SPECIAL_TOKENS = ['<pad>', '<s>', '<unk>', '</s>']
const BYTES = 256

/**
 * Trains a byte-level tokenizer on captions, in whatever languages they come. Nothing is ever unknown to it.
 *
 * @param captions the texts; one that occurs often counts often
 * @param options.vocabSize ids in all: 4 special tokens, 256 bytes, the rest learnt. Few captions may not hold that many
 *   repeated pieces: then the vocabulary is smaller
 * @returns tokenizer.json and tokenizer_config.json, the same for the same captions in the same order
 * @throws UserError when there is no text, or no room for the special tokens and bytes
 */
export function trainTokenizer(captions: Iterable<string>, options: TrainTokenizerOptions): TokenizerFiles {
  const { vocabSize, algorithm = 'bpe', contextLength = 32 } = options
  const least = SPECIAL_TOKENS.length + BYTES
  if (!Number.isInteger(vocabSize) || vocabSize < least) {
    throw new UserError({
      where: 'tokenizer vocabSize',
      expected: `a whole number of at least ${least} (${SPECIAL_TOKENS.length} special tokens and ${BYTES} bytes)`,
      got: String(vocabSize),
      hint: 'Choose a larger vocabulary; 6000 to 8000 suits two languages.',
    })
  }
  if (!Number.isInteger(contextLength) || contextLength < 3) {
    throw new UserError({
      where: 'tokenizer contextLength',
      expected: 'a whole number of at least 3 (start, one token, end)',
      got: String(contextLength),
      hint: '32 suits captions.',
    })
  }
  const words = countWords(captions)
  if (words.size === 0) {
    throw new UserError({
      where: 'tokenizer captions',
      expected: 'at least one caption with text',
      got: 'none',
      hint: 'Check that the corpus has captions in the chosen languages and split.',
    })
  }
  const room = vocabSize - SPECIAL_TOKENS.length
  const model = algorithm === 'unigram' ? unigramModel(words, room) : bpeModel(words, room)
  return { tokenizerJson: tokenizerJson(model), tokenizerConfig: tokenizerConfig(contextLength) }
}

/** Writes both files into `dir`, each under a temporary name first, so that a reader never meets half a file; tokenizer.json last: with it the folder is complete. */
export async function writeTokenizer(dir: string, files: TokenizerFiles): Promise<void> {
  await mkdir(dir)
  await writeFileAtomic(join(dir, 'tokenizer_config.json'), `${JSON.stringify(files.tokenizerConfig, null, 2)}\n`)
  await writeFileAtomic(join(dir, 'tokenizer.json'), `${JSON.stringify(files.tokenizerJson)}\n`)
}

function unigramModel(words: Map<string, number>, room: number): object {
  const specials = SPECIAL_TOKENS.map((token): [string, number] => [token, 0])
  return { type: 'Unigram', unk_id: 2, vocab: [...specials, ...trainUnigram(words, room)], byte_fallback: false }
}

function bpeModel(words: Map<string, number>, room: number): object {
  const { symbols, merges } = trainBpe(words, room)
  const vocab = Object.fromEntries([...SPECIAL_TOKENS, ...symbols].map((token, id) => [token, id]))
  return {
    type: 'BPE',
    dropout: null,
    unk_token: '<unk>',
    continuing_subword_prefix: null,
    end_of_word_suffix: null,
    fuse_unk: false,
    byte_fallback: false,
    vocab,
    merges,
  }
}

function tokenizerJson(model: object): object {
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true }
  const special = (id: string) => ({ SpecialToken: { id, type_id: 0 } })
  const sequence = (id: 'A' | 'B') => ({ Sequence: { id, type_id: 0 } })
  const used = (token: string) => ({ id: token, ids: [SPECIAL_TOKENS.indexOf(token)], tokens: [token] })
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: SPECIAL_TOKENS.map((content, id) => ({ id, content, ...flags })),
    normalizer: normalizerJson(),
    pre_tokenizer: preTokenizerJson(),
    post_processor: {
      type: 'TemplateProcessing',
      single: [special('<s>'), sequence('A'), special('</s>')],
      pair: [special('<s>'), sequence('A'), special('</s>'), sequence('B'), special('</s>')],
      special_tokens: { '<s>': used('<s>'), '</s>': used('</s>') },
    },
    decoder: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false },
    model,
  }
}

function tokenizerConfig(contextLength: number): object {
  return {
    tokenizer_class: 'PreTrainedTokenizerFast',
    model_max_length: contextLength,
    padding_side: 'right',
    truncation_side: 'right',
    pad_token: '<pad>',
    bos_token: '<s>',
    unk_token: '<unk>',
    eos_token: '</s>',
    clean_up_tokenization_spaces: false,
  }
}
