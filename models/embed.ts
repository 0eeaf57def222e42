import { writePixelValues } from '../corpora/pixel-values.ts'
import type { Encoder } from './encoder.ts'

export type ImageEncoder = Pick<Encoder, 'encodeImages' | 'oneByOne'>
export type TextEncoder = Pick<Encoder, 'encodeTexts' | 'oneByOne'>

/** Decoded pictures, of a pixel cache or in memory. */
export interface Pixels {
  count: number
  size: number // S
  /** RGBA bytes [S, S, 4]. */
  read(i: number): Uint8Array
}

/** Items a call, so that memory stays flat. */
const batchSize = 128

/** The first `count` images of a cache, composited on white → [count, E]. */
export async function embedCached(encoder: ImageEncoder, { count: all, size, read }: Pixels, count = all): Promise<Float32Array> {
  const stride = 3 * size * size
  const batch = new Float32Array(Math.min(callSize(encoder), count) * stride)
  return embed(encoder, count, (from, to) => {
    for (let i = from; i < to; i++) writePixelValues(read(i), size, batch, (i - from) * stride)
    return encoder.encodeImages(batch.subarray(0, (to - from) * stride), to - from)
  })
}

/** CLIP-normalised pixels [N, 3, S, S] → [N, E]. */
export async function embedPixels(encoder: ImageEncoder, pixels: Float32Array, count: number): Promise<Float32Array> {
  const stride = pixels.length / count
  return embed(encoder, count, (from, to) => encoder.encodeImages(pixels.subarray(from * stride, to * stride), to - from))
}

/** → [N, E] */
export async function embedTexts(encoder: TextEncoder, texts: readonly string[]): Promise<Float32Array> {
  return embed(encoder, texts.length, (from, to) => encoder.encodeTexts(texts.slice(from, to)))
}

function callSize({ oneByOne }: Pick<Encoder, 'oneByOne'>): number {
  return oneByOne ? 1 : batchSize
}

async function embed(
  encoder: Pick<Encoder, 'oneByOne'>,
  count: number,
  call: (from: number, to: number) => Promise<Float32Array>,
): Promise<Float32Array> {
  const size = callSize(encoder)
  let result = new Float32Array(0)
  for (let from = 0; from < count; from += size) {
    const to = Math.min(from + size, count)
    const rows = await call(from, to)
    const dim = rows.length / (to - from)
    if (from === 0) result = new Float32Array(count * dim)
    result.set(rows, from * dim)
  }
  return result
}
