import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '../base/errors.ts'
import { normal, random } from '../base/random.ts'
import { openSession, type RuntimeOptions } from '../engine/runtime.ts'
import type { Encoder } from '../models/encoder.ts'
import type { ModelDtype } from '../models/onnx/dtypes.ts'
import { openOnnxFolder } from '../models/onnx/open-folder.ts'
import type { Tokenizer } from '../tokenizers/load.ts'
import { onnxFile } from './dtypes.ts'
import type { Closeness, Parity } from './exported-files.ts'

/** Cosines that every embedding must reach; formats without a limit are reported only. */
const limits: Partial<Record<ModelDtype, number>> = { fp32: 0.99999, fp16: 0.999 }

/** Texts of several lengths and scripts. */
const texts = [
  'a',
  'red apple',
  '红色的苹果',
  '两只黑猫在桌子上睡觉',
  'a photograph of three people who ride bicycles through the rain at night',
  '🎉!?',
]

/**
 * Runs the written files and the training graph on the same images and texts, in batches of three sizes and lengths.
 * @param reference the model as it trains
 * @throws UserError with the numbers when fp32 or fp16 files differ, when a combined file differs from its towers, and for
 *   embeddings that are not finite
 */
export async function verifyExport(
  dir: string,
  reference: Encoder,
  tokenizer: Tokenizer,
  dtypes: ModelDtype[],
  options: RuntimeOptions = {},
): Promise<Parity[]> {
  const images = testImages(9, reference.imageSize)
  const expected = { image: await reference.encodeImages(images, 9), text: await reference.encodeTexts(texts) }
  requireFinite(dir, [...expected.image, ...expected.text])
  const rows: Parity[] = []
  for (const dtype of dtypes) {
    const exported = await openOnnxFolder(dir, { ...options, dtype })
    try {
      const image = closeness(expected.image, await inBatches(exported, images, reference.imageSize), reference.embedDim)
      const text = closeness(expected.text, await textsInBatches(exported, texts), reference.embedDim)
      rows.push({ dtype, image, text })
      requireClose(join(dir, onnxFile('vision_model', dtype)), image, limits[dtype])
      requireClose(join(dir, onnxFile('text_model', dtype)), text, limits[dtype])
      if (await holds(dir, dtype)) await verifyCombined(dir, dtype, exported, images, tokenizer, options)
    } finally {
      await exported.release()
    }
  }
  return rows
}

async function holds(dir: string, dtype: ModelDtype): Promise<boolean> {
  return Boolean(await stat(join(dir, onnxFile('model', dtype))).catch(() => undefined))
}

/** The combined file must give what the towers give, and logits that are their products times the scale. */
async function verifyCombined(dir: string, dtype: ModelDtype, towers: Encoder, images: Float32Array, tokenizer: Tokenizer, options: RuntimeOptions) {
  const file = join(dir, onnxFile('model', dtype))
  const session = await openSession(file, options)
  const [count, size, dim] = [2, towers.imageSize, towers.embedDim]
  const pixels = images.subarray(0, count * 3 * size * size)
  const few = texts.slice(0, 3)
  const { inputIds, attentionMask, length } = tokenizer.encodeBatch(few, tokenizer.contextLength, 'longest')
  const dims = [few.length, length]
  const results = await session.run({
    pixel_values: { data: pixels, dims: [count, 3, size, size] },
    input_ids: { data: BigInt64Array.from(inputIds, BigInt), dims },
    attention_mask: { data: BigInt64Array.from(attentionMask, BigInt), dims },
  })
  await session.release()
  const data = (name: string) => results[name]!.data as Float32Array
  const image = await towers.encodeImages(pixels, count)
  const text = await towers.encodeTexts(few)
  const logits = new Float32Array(count * few.length).map((_, i) => {
    const [row, column] = [Math.floor(i / few.length) * dim, (i % few.length) * dim]
    let sum = 0
    for (let e = 0; e < dim; e++) sum += image[row + e]! * text[column + e]!
    return sum * towers.logitScale
  })
  // Quantized files choose ranges per batch, so that their batches agree only roughly.
  const tolerance = dtype === 'fp32' || dtype === 'fp16' ? 1e-5 : 0.05
  const apart = Math.max(
    difference(data('image_embeds'), image),
    difference(data('text_embeds'), text),
    difference(data('logits_per_image'), logits) / towers.logitScale,
  )
  if (apart <= tolerance) return
  throw new UserError(
    {
      where: file,
      expected: `what the split towers give, within ${tolerance}`,
      got: `a difference of ${apart}`,
      hint: 'This is a fault of the exporter: please report it.',
    },
    1,
  )
}

async function inBatches(encoder: Encoder, images: Float32Array, size: number): Promise<Float32Array> {
  const stride = 3 * size * size
  const parts = []
  for (const [from, to] of [
    [0, 1],
    [1, 4],
    [4, 9],
  ] as const)
    parts.push(...(await encoder.encodeImages(images.subarray(from * stride, to * stride), to - from)))
  return Float32Array.from(parts)
}

/** Batches of 1, 2, 3 … texts: each has a longest text of its own. */
async function textsInBatches(encoder: Encoder, texts: string[]): Promise<Float32Array> {
  const parts = []
  for (let from = 0, count = 1; from < texts.length; from += count++) parts.push(...(await encoder.encodeTexts(texts.slice(from, from + count))))
  return Float32Array.from(parts)
}

/** Noise on slopes of colour: the same images every time. */
function testImages(count: number, size: number): Float32Array {
  const next = random(20, count, size)
  const images = new Float32Array(count * 3 * size * size)
  for (let plane = 0, i = 0; plane < count * 3; plane++) {
    const [level, across, down, grain] = [normal(next), normal(next), normal(next), next()]
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) images[i++] = level + across * (x / size - 0.5) + down * (y / size - 0.5) + grain * normal(next)
    }
  }
  return images
}

function closeness(expected: Float32Array, got: Float32Array, dim: number): Closeness {
  const cosines = []
  for (let start = 0; start < expected.length; start += dim) {
    let sum = 0
    for (let i = start; i < start + dim; i++) sum += expected[i]! * got[i]!
    cosines.push(Math.min(sum, 1))
  }
  return { least: Math.min(...cosines), mean: cosines.reduce((a, b) => a + b, 0) / cosines.length }
}

function difference(a: Float32Array, b: Float32Array): number {
  return a.length === b.length ? a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0) : Infinity
}

function requireClose(file: string, { least }: Closeness, limit = -Infinity): void {
  if (least >= limit) return
  throw new UserError(
    { where: file, expected: `cosine ≥ ${limit} to the training graph`, got: `${least}`, hint: 'This is a fault of the exporter: please report it.' },
    1,
  )
}

function requireFinite(where: string, values: number[]): void {
  if (values.every(Number.isFinite)) return
  throw new UserError({
    where,
    expected: 'a model with finite embeddings',
    got: 'NaN or infinity',
    hint: 'The training run diverged: export an earlier checkpoint.',
  })
}
