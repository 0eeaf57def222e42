import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import '../engine/telemetry-off.ts'
import { PreTrainedTokenizer } from '@huggingface/transformers'
import { UserError } from '../base/errors.ts'
import { parseJson } from '../base/json.ts'
import { refusePointer } from '../base/lfs-pointer.ts'
import { precompiledNormalizer } from './precompiled.ts'

/** A loaded tokenizer. Ids of roles a tokenizer does not have are null. */
export type Tokenizer = {
  /** One more than the largest id: the height of the token table. */
  vocabSize: number
  contextLength: number
  /** model_max_length, where the folder says one. */
  maxLength?: number
  padId: number
  bosId: number | null
  /** What stands for text that cannot be spelled; null where everything can. */
  unkId: number | null
  /** The token that every text ends with. */
  eosId: number | null
  /** Ids of one text with special tokens, cut to contextLength, not padded. */
  encode(text: string): number[]
  /**
   * Ids padded on the right, and 1 where they are real. [n · length] each; `length` is `limit`, or with padding `longest` that of the longest text, if that is
   * shorter.
   * @param limit default: contextLength
   */
  encodeBatch(
    texts: readonly string[],
    limit?: number,
    padding?: 'limit' | 'longest',
  ): { inputIds: Int32Array; attentionMask: Int32Array; length: number }
  /** The text of ids, special tokens left out. */
  decode(ids: readonly number[]): string
}

// Tokenizers without a limit write 1e30; CLIP's own context is the safe reading then.
const DEFAULT_CONTEXT = 77
const LARGEST_CONTEXT = 1e6
// 200,000 captions are some 50 MB.
const CACHED_TEXTS = 200_000

/**
 * Loads tokenizer.json and tokenizer_config.json from a folder, through transformers.js. Nothing is fetched.
 *
 * Texts are cut here, not there: transformers.js cuts off the end token, at which CLIP pools. A cut text keeps its first
 * length − 1 ids and ends with the end token, if this tokenizer ends texts with one.
 *
 * @param options.remember keep the ids of texts that were asked for: for training, whose captions come back every epoch
 * @throws UserError when the folder or a file is missing, is no JSON or no tokenizer, or there is nothing to pad with
 */
export async function loadTokenizer(dir: string, { remember = false } = {}): Promise<Tokenizer> {
  await requireFolder(dir)
  const config = await readJson(join(dir, 'tokenizer_config.json'))
  const file = join(dir, 'tokenizer.json')
  const json = await readJson(file)
  const { rest, normalize } = takePrecompiled(json)
  const inner = construct(file, rest, config)
  const padId = inner.pad_token_id as number | undefined
  if (padId === undefined) {
    throw new UserError({
      where: join(dir, 'tokenizer_config.json'),
      expected: 'a pad_token that is in the vocabulary',
      got: config.pad_token === undefined ? 'none' : JSON.stringify(config.pad_token),
      hint: 'Name the token that fills up short texts, for example "pad_token": "<pad>".',
    })
  }
  const frame = inner.encode('')
  const end = (inner.eos_token_id as number | undefined) ?? (inner.sep_token_id as number | undefined)
  const eosId = end !== undefined && frame.at(-1) === end ? end : null
  const bosId = (inner.bos_token_id as number | undefined) ?? tokenId(inner, config.cls_token) ?? null
  const unkId = inner.unk_token_id as number | undefined
  const maxLength = limitOf(config.model_max_length)
  const contextLength = maxLength ?? DEFAULT_CONTEXT
  const cache = new Map<string, Int32Array>()

  const checked = (id: number | undefined, text: string): number => {
    if (id !== undefined) return id
    throw new UserError({
      where: file,
      expected: 'an unk_token, or a vocabulary that spells every text',
      got: `a text it cannot spell (${JSON.stringify(text.slice(0, 60))})`,
      hint: 'Name the token for unknown text in the model of tokenizer.json.',
    })
  }
  const encodeWhole = (text: string): Int32Array => {
    const known = cache.get(text)
    if (known) return known
    const ids = Int32Array.from(inner.encode(normalize(text)), (id) => checked(id, text))
    if (cache.size >= CACHED_TEXTS) cache.clear()
    if (remember) cache.set(text, ids)
    return ids
  }
  const fit = (ids: Int32Array, length: number): Int32Array => {
    if (ids.length <= length) return ids
    const cut = ids.slice(0, length)
    if (eosId !== null) cut[length - 1] = eosId
    return cut
  }
  return {
    vocabSize: 1 + [...inner.get_vocab().values()].reduce((a, b) => Math.max(a, b), 0),
    contextLength,
    maxLength,
    padId,
    bosId,
    eosId,
    unkId: unkId === undefined || unkId === end ? null : unkId, // byte-level tokenizers name the end token
    encode: (text) => Array.from(fit(encodeWhole(text), contextLength)),
    encodeBatch(texts, limit = contextLength, padding = 'limit') {
      const rows = texts.map((text) => fit(encodeWhole(text), limit))
      const length = padding === 'limit' ? limit : Math.max(0, ...rows.map((ids) => ids.length))
      const inputIds = new Int32Array(texts.length * length).fill(padId)
      const attentionMask = new Int32Array(texts.length * length)
      for (const [row, ids] of rows.entries()) {
        inputIds.set(ids, row * length)
        attentionMask.fill(1, row * length, row * length + ids.length)
      }
      return { inputIds, attentionMask, length }
    },
    decode: (ids) => (ids.length === 0 ? '' : inner.decode([...ids], { skip_special_tokens: true }).trim()),
  }
}

async function requireFolder(dir: string): Promise<void> {
  const found = await stat(dir).catch(() => undefined)
  if (found?.isDirectory()) return
  throw new UserError({
    where: dir,
    expected: 'a folder with tokenizer.json and tokenizer_config.json',
    got: found ? 'a file' : 'nothing',
    hint: 'Check the path, or leave --tokenizer out to train one on the captions.',
  })
}

async function readJson(file: string): Promise<Record<string, unknown>> {
  const text = await readFile(file, 'utf8').catch(() => undefined)
  const broken = (got: string, hint: string) => new UserError({ where: file, expected: 'a JSON object', got, hint })
  if (text === undefined) throw broken('no such file', 'Copy it from the model the tokenizer belongs to.')
  refusePointer(file, Buffer.from(text.slice(0, 200)))
  const value = parseJson(text, file, 'Write or copy the file again.')
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw broken(Array.isArray(value) ? 'an array' : JSON.stringify(value), 'Write or copy the file again.')
  }
  return value as Record<string, unknown>
}

function construct(file: string, json: Record<string, unknown>, config: Record<string, unknown>): PreTrainedTokenizer {
  try {
    const tokenizer = new PreTrainedTokenizer(json, config)
    tokenizer.encode('a')
    return tokenizer
  } catch (cause) {
    throw new UserError({
      where: file,
      expected: 'a tokenizer that transformers.js can load (normalizer, pre_tokenizer, model, post_processor, decoder)',
      got: (cause as Error).message,
      hint: 'Save the tokenizer again with a current version of the tool that made it.',
    })
  }
}

/** A tokenizer whose first normalizer is a precompiled one, without it, and what it does. */
function takePrecompiled(json: Record<string, unknown>): { rest: Record<string, unknown>; normalize: (text: string) => string } {
  const normalizer = json.normalizer as Normalizer | null | undefined
  const [first, ...others] = normalizer?.type === 'Sequence' ? (normalizer.normalizers ?? []) : normalizer ? [normalizer] : []
  if (first?.type !== 'Precompiled' || !first.precompiled_charsmap) return { rest: json, normalize: (text) => text }
  return { rest: { ...json, normalizer: { type: 'Sequence', normalizers: others } }, normalize: precompiledNormalizer(first.precompiled_charsmap) }
}

interface Normalizer {
  type: string
  normalizers?: Normalizer[]
  precompiled_charsmap?: string
}

function tokenId(inner: PreTrainedTokenizer, token: unknown): number | undefined {
  const content = typeof token === 'object' && token !== null && 'content' in token ? token.content : token
  return typeof content === 'string' ? inner.get_vocab().get(content) : undefined
}

function limitOf(limit: unknown): number | undefined {
  return typeof limit === 'number' && limit >= 1 && limit <= LARGEST_CONTEXT ? limit : undefined
}
