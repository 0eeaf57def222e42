/** An exported small model and a picture, with what other libraries have to make of them. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import sharp from 'sharp'
import { decodeImage, toPixelValues } from '../../corpora/images.ts'
import { exportFolder } from '../../export/package.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { captions, leastCosine, smallModel } from './small-model.ts'

export const dim = 64
const size = 32
export const labels = ['a red apple', '绿色的梨', 'two black cats']

/** A small model exported to a folder, and a picture of exactly its size, so that nobody's resizer matters. */
export async function exported(t: ExecutionContext, { ort = false } = {}) {
  const small = await smallModel(t)
  const parent = await temporaryFolder(t)
  const dir = join(parent, 'small-clip')
  await exportFolder(small.model, { tokenizerDir: small.tokenizerDir, out: dir, dtypes: ['fp32', 'q8'], threads: 1, ort })
  const rgb = Buffer.from(Uint8Array.from({ length: 3 * size * size }, (_, i) => (i * 7 + (i >> 5) * 13) % 256))
  const picture = join(parent, 'picture.png')
  await sharp(rgb, { raw: { width: size, height: size, channels: 3 } })
    .png()
    .toFile(picture)
  const rgba = await decodeImage({ key: picture, read: () => readFile(picture) }, size)
  const pixels = toPixelValues(rgba, size)
  const image = await small.encoder.encodeImages(pixels, 1)
  return { ...small, dir, picture, pixels, image, texts: await small.encoder.encodeTexts(captions) }
}

/** softmax(s·cosine) of the picture with each label, as the pipelines return it. */
export function expectedScores(image: Float32Array, texts: Float32Array, scale: number): number[] {
  const logits = labels.map((_, row) => scale * leastCosine(texts.subarray(row * dim, (row + 1) * dim), image, dim))
  const weights = logits.map((logit) => Math.exp(logit - Math.max(...logits)))
  return weights.map((weight) => weight / weights.reduce((a, b) => a + b))
}

export interface Score {
  score: number
  label: string
}

export function checkScores(t: ExecutionContext, scores: Score[], expected: number[], tolerance = 1e-4): void {
  t.is(scores.length, expected.length)
  for (const { label, score } of scores) t.true(Math.abs(score - expected[labels.indexOf(label)]!) < tolerance, `${label} ${score} ${expected}`)
}
