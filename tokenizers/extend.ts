import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { parseJson } from '../base/json.ts'
import { trainBpe } from './bpe.ts'
import { countWords, normalizerJson, preTokenizerJson } from './pipeline.ts'
import type { TokenizerFiles } from './train.ts'

/** A tokenizer that has gained tokens at its end. */
export interface Extended {
  files: TokenizerFiles
  /** New token, in order of their ids → the older tokens that spelled it. */
  pieces: number[][]
}

interface BpeJson {
  added_tokens: { id: number }[]
  model: { type: 'BPE'; vocab: Record<string, number>; merges: (string | [string, string])[] }
}

/**
 * Goes on with the byte-pair encoding of a tokenizer of ours on texts in further languages. All ids and merges that are there stay, and `kept` texts are spelled as
 * before, token by token.
 * @param options.tokens new tokens at most; texts that repeat little give fewer
 * @returns undefined for a tokenizer of another make or algorithm, which cannot be gone on with
 */
export async function extendTokenizer(
  dir: string,
  options: { texts: Iterable<string>; kept: Iterable<string>; tokens: number },
): Promise<Extended | undefined> {
  const [tokenizerJson, tokenizerConfig] = await Promise.all(['tokenizer.json', 'tokenizer_config.json'].map((name) => readJson(join(dir, name))))
  if (!isOurBpe(tokenizerJson!)) return undefined
  const { vocab, merges: written } = tokenizerJson.model
  const start = Math.max(...Object.values(vocab), ...tokenizerJson.added_tokens.map(({ id }) => id)) + 1
  const specials = new Set(tokenizerJson.added_tokens.map(({ id }) => id))
  const symbols = Object.keys(vocab).filter((symbol) => !specials.has(vocab[symbol]!))
  const old = { symbols, merges: written.map((merge) => (typeof merge === 'string' ? merge : merge.join(' '))) }
  const { symbols: all, merges } = trainBpe(countWords(options.texts), symbols.length + options.tokens, old, countWords(options.kept).keys())
  const born = all.slice(symbols.length)
  const ids: Record<string, number> = { ...vocab, ...Object.fromEntries(born.map((symbol, i) => [symbol, start + i])) }
  const model = { ...tokenizerJson.model, vocab: ids, merges }
  return { files: { tokenizerJson: { ...tokenizerJson, model }, tokenizerConfig: tokenizerConfig! }, pieces: piecesOf(born, ids, merges, start) }
}

/** By the merge that first made each token, down to tokens below `start`. */
function piecesOf(born: string[], ids: Record<string, number>, merges: string[], start: number): number[][] {
  const parts = new Map<string, [string, string]>()
  for (const merge of merges) {
    const [left, right] = merge.split(' ') as [string, string]
    if (!parts.has(left + right)) parts.set(left + right, [left, right])
  }
  const spelled = (symbol: string): number[] => (ids[symbol]! < start ? [ids[symbol]!] : parts.get(symbol)!.flatMap(spelled))
  return born.map(spelled)
}

function isOurBpe(json: object): json is BpeJson {
  const { model, normalizer, pre_tokenizer: words } = json as { model?: { type?: string }; normalizer?: object; pre_tokenizer?: object }
  return model?.type === 'BPE' && isDeepStrictEqual(normalizer, normalizerJson()) && isDeepStrictEqual(words, preTokenizerJson())
}

async function readJson(file: string): Promise<object> {
  return parseJson(await readFile(file, 'utf8'), file, 'Copy the tokenizer again.') as object
}
