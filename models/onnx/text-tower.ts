import { join } from 'node:path'
import { UserError } from '../../base/errors.ts'
import type { NumberTensor } from '../../engine/runtime.ts'
import { loadTokenizer, type Tokenizer } from '../../tokenizers/load.ts'
import { findTowerFile, teacherId } from './files.ts'
import { readModelConfig } from './model-config.ts'
import { isSiglip, type TowerFolderOptions } from './siglip.ts'
import { findTextLength, fixedLength, needsFullLength, type TextLength } from './text-length.ts'
import { openTower, type Rows, type TeacherTower } from './tower.ts'

/** Embeds texts. */
export interface TextTower {
  id: string
  embedDim: number // E
  tokenizer: Tokenizer
  length: TextLength
  tower: TeacherTower
  /** What the model is fed for texts. */
  feeds(texts: readonly string[]): Record<string, NumberTensor>
  /** texts → unit embeddings [n, E]. */
  encodeTexts(texts: string[]): Promise<Float32Array>
  /** The same texts → outputs as they are, named by `others` when the tower was opened, in the order asked for. */
  readTexts(texts: readonly string[], outputs: readonly string[]): Promise<Rows[]>
  release(): Promise<void>
}

/** Two texts that no model embeds alike. */
export const probe = ['a', '两 red apples']

/**
 * Opens the text tower of a folder, which need not have another.
 * @throws UserError for missing or damaged files, a tokenizer with more ids than the model has, and texts that it does not take
 */
export async function openTextTower(dir: string, options: TowerFolderOptions = {}): Promise<TextTower> {
  const file = await findTowerFile(dir, 'text', options.dtype)
  const opened = await openTextFile(dir, file, { ...options, isSiglip: isSiglip(await readModelConfig(dir)) })
  return { ...opened, id: await teacherId(dir, { text: file }) }
}

/** Opens that file as the text tower of the folder. */
export async function openTextFile(dir: string, file: string, options: TowerFolderOptions & { isSiglip: boolean }): Promise<Omit<TextTower, 'id'>> {
  const config = await readModelConfig(dir)
  const fills = config.type.startsWith('siglip') // it learnt from texts that were filled up, without a mask
  const tokenizer = await loadTokenizer(dir)
  const tower = await openTower(file, 'text', options)
  try {
    const shortly = feedsOf(tokenizer, tower, { limit: 16, isFull: false }, fills)
    const { dim } = await embedProbe(dir, tokenizer, tower, shortly)
    const limit = await findTextLength(dir, tokenizer, tower, config, (texts, limit) =>
      feedsOf(tokenizer, tower, { limit, isFull: fills }, fills)(texts),
    )
    const isFull = fills || (await needsFullLength(tower, (texts) => feedsOf(tokenizer, tower, { limit, isFull: false }, false)(texts)))
    const length = { limit, isFull }
    const feeds = feedsOf(tokenizer, tower, length, fills)
    return {
      embedDim: dim,
      tokenizer,
      length,
      tower,
      feeds,
      encodeTexts: async (texts) => (await tower.embed(feeds(texts), texts.length)).data,
      readTexts: (texts, outputs) => tower.read(feeds(texts), texts.length, outputs),
      release: () => tower.release(),
    }
  } catch (error) {
    await tower.release()
    throw error
  }
}

/** @param attendsToPadding the mask, if there is one, shall hide nothing */
function feedsOf(tokenizer: Tokenizer, tower: TeacherTower, { limit, isFull }: TextLength, attendsToPadding: boolean) {
  return (texts: readonly string[]): Record<string, NumberTensor> => {
    const fixed = fixedLength(tower)
    const { inputIds, attentionMask, length } = tokenizer.encodeBatch(texts, fixed ?? limit, fixed || isFull ? 'limit' : 'longest')
    const dims = [texts.length, length]
    return {
      input_ids: { data: inputIds, dims },
      attention_mask: { data: attendsToPadding ? attentionMask.fill(1) : attentionMask, dims },
      token_type_ids: { data: new Int32Array(inputIds.length), dims }, // BERT's: one sentence only
    }
  }
}

/** Embeds two short texts, and one with the largest id there is: a tokenizer of another model may have more ids than this one has rows of embeddings. */
async function embedProbe(dir: string, { vocabSize }: Tokenizer, tower: TeacherTower, feeds: TextTower['feeds']): Promise<Rows> {
  const words = feeds(probe)
  const { data, dims } = words.input_ids!
  const ids = (data as Int32Array).slice().fill(vocabSize - 1, 0, 1)
  try {
    await tower.embed({ ...words, input_ids: { data: ids, dims } }, probe.length)
    return await tower.embed(words, probe.length)
  } catch (error) {
    if (error instanceof UserError) throw error
    const message = (error as Error).message.split('\n')[0]!
    const rows = /out of data bounds, idx=\d+ must be within the inclusive range \[-(\d+),/.exec((error as Error).message)?.[1]
    throw new UserError({
      where: join(dir, 'tokenizer.json'),
      expected: rows ? `at most ${rows} ids, as ${tower.where} has` : `ids that ${tower.where} takes`,
      got: rows ? `${vocabSize}` : `${vocabSize}, which fail with "${message}"`,
      hint: 'Model and tokenizer do not match: copy the tokenizer of this very model.',
    })
  }
}
