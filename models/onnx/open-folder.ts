import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '../../base/errors.ts'
import type { NumberTensor, RuntimeOptions } from '../../engine/runtime.ts'
import { loadTokenizer, type Tokenizer } from '../../tokenizers/load.ts'
import type { Encoder } from '../encoder.ts'
import { measureScale, splitCombined } from './combined.ts'
import { dtypeOf, type ModelDtype } from './dtypes.ts'
import { findTeacherFiles, teacherId } from './files.ts'
import { readTeacherConfig, type TeacherConfig } from './folder-config.ts'
import { openImageTower } from './image-tower.ts'
import { openTower, type TeacherTower } from './tower.ts'

export interface TeacherOptions extends RuntimeOptions {
  /** exp(logit_scale); default: what the folder says, or else CLIP's 100. */
  logitScale?: number
  /** Take the files of this number format; default: the most precise there are. */
  dtype?: ModelDtype
}

const longest = 512 // tokens
const probe = ['a', '两 red apples'] // two texts that no model embeds alike

/**
 * Opens any CLIP-like model exported to ONNX in the transformers.js layout (also one's own exports) as an Encoder: split
 * towers first, else a combined model cut in two. Nothing is fetched.
 * @throws UserError for a missing folder, missing or damaged files, tensors of unexpected type or shape, and a tokenizer with more ids, or longer texts, than the model takes; the encoder's
 *   methods throw it for features that are not finite
 */
export async function openOnnxFolder(dir: string, options: TeacherOptions = {}): Promise<Encoder> {
  const files = await findTeacherFiles(dir, options.dtype)
  const config = await readTeacherConfig(dir)
  const tokenizer = await loadTokenizer(dir)
  const id = await teacherId(dir, files)
  const parts = 'combined' in files ? await splitCombined(files.combined) : undefined
  const name = (tower: 'vision' | 'text') => ('combined' in files ? `${files.combined} (${tower} part)` : files[tower])
  const model = (tower: 'vision' | 'text') => parts?.[tower] ?? name(tower)
  const vision = await openImageTower(model('vision'), { dir, name: name('vision'), config }, options)
  const text = await openTower(model('text'), name('text'), 'text_embeds', options)
  const { imageSize } = vision

  const encoder: Encoder = {
    id,
    embedDim: 0,
    imageSize,
    logitScale: 100,
    oneByOne: await choosesRanges(Object.values(files)),
    encodeImages: async (pixels, count) => (await vision.embed(pixels, count)).data,
    encodeTexts: async (texts) => (await text.embed(textFeeds(tokenizer, texts, text, config), texts.length)).data,
    release: async () => {
      await Promise.all([vision.release(), text.release()])
    },
  }
  try {
    // One run of each tower finds out what files alone do not say, and finds faults now, not after an hour.
    const image = new Float32Array(3 * imageSize ** 2)
    const words = textFeeds(tokenizer, probe, text, config)
    const { dim } = await vision.embed(image, 1)
    await requireVocabulary(join(dir, 'tokenizer.json'), tokenizer, text, words)
    const { dim: textDim } = await text.embed(words, probe.length)
    requireEqualDims(dir, dim, textDim)
    await requirePositions(dir, tokenizer, text, config)
    const known = options.logitScale ?? config.logitScale
    const measured =
      known === undefined && parts?.logits ? await measureScale(parts.logits, { pixel_values: vision.feed(image, 1) }, words, options) : undefined
    return { ...encoder, embedDim: dim, logitScale: known ?? measured ?? 100 }
  } catch (error) {
    await encoder.release()
    throw error
  }
}

/** Quantized files choose the ranges of their activations anew in every call, unless they were calibrated. */
async function choosesRanges(files: string[]): Promise<boolean> {
  const quantized = files.filter((file) => ['q8', 'int8'].includes(dtypeOf(file)))
  const found = await Promise.all(quantized.map(async (file) => (await readFile(file)).includes('DynamicQuantizeLinear')))
  return found.includes(true)
}

function textFeeds(tokenizer: Tokenizer, texts: string[], tower: TeacherTower, config: TeacherConfig): Record<string, NumberTensor> {
  const fixed = tower.inputs.find(({ name }) => name === 'input_ids')?.dims[1]
  const limit = Math.min(tokenizer.contextLength, config.contextLength ?? Infinity)
  const isFixed = typeof fixed === 'number' && fixed > 0
  const { inputIds, attentionMask, length } = tokenizer.encodeBatch(
    texts,
    isFixed ? fixed : limit,
    isFixed || config.padsToContext ? 'limit' : 'longest',
  )
  const dims = [texts.length, length]
  return {
    input_ids: { data: inputIds, dims },
    attention_mask: { data: attentionMask, dims },
    token_type_ids: { data: new Int32Array(inputIds.length), dims }, // BERT's: one sentence only
  }
}

/** Asks for the largest id there is: a tokenizer of another model may have more ids than this one has rows of embeddings. */
async function requireVocabulary(where: string, { vocabSize }: Tokenizer, tower: TeacherTower, words: Record<string, NumberTensor>): Promise<void> {
  const { data, dims } = words.input_ids!
  const ids = (data as Int32Array).slice().fill(vocabSize - 1, 0, 1)
  try {
    await tower.embed({ ...words, input_ids: { data: ids, dims } }, probe.length)
  } catch (error) {
    const rows = /out of data bounds, idx=\d+ must be within the inclusive range \[-(\d+),/.exec((error as Error).message)?.[1]
    if (rows === undefined) throw error
    throw new UserError({
      where,
      expected: `at most ${rows} ids, as ${tower.where} has`,
      got: `${vocabSize}`,
      hint: 'Model and tokenizer do not match: copy the tokenizer of this very model.',
    })
  }
}

/** Asks for a text as long as the tokenizer lets them be (of very long ones a part): there may be fewer positions than that. */
async function requirePositions(dir: string, tokenizer: Tokenizer, tower: TeacherTower, config: TeacherConfig): Promise<void> {
  const feeds = textFeeds(tokenizer, ['a '.repeat(longest)], tower, config)
  const length = feeds.input_ids!.dims[1]!
  try {
    await tower.embed(feeds, 1)
  } catch (error) {
    if (error instanceof UserError) throw error
    throw new UserError({
      where: join(dir, 'tokenizer_config.json'),
      expected: `a model_max_length of no more tokens than ${tower.where} takes`,
      got: `${length}, which fail with "${(error as Error).message.split('\n')[0]}"`,
      hint: 'Write the number that the model was made for, 77 in most.',
    })
  }
}

function requireEqualDims(dir: string, image: number, text: number): void {
  if (image === text) return
  throw new UserError({
    where: dir,
    expected: 'image and text embeddings of one length',
    got: `image ${image}, text ${text}`,
    hint: 'Export both towers of one model, with their projections.',
  })
}
