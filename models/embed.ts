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

/** Items a call at most: more are no faster. */
const mostItems = 128
/** What the activations of a call's images may take in memory, about. */
const activationBytes = 512 * 2 ** 20
/** Bytes of texts a call at most, padding included: a few times as many numbers of activations. */
const textBytes = 16_384

/** The first `count` images of a cache, composited on white → [count, E]. */
export async function embedCached(
  encoder: ImageEncoder,
  { count: all, size, read }: Pixels,
  count = all,
  update?: (done: number) => void,
): Promise<Float32Array> {
  const stride = 3 * size * size
  const most = imagesPerCall(encoder, size)
  const batch = new Float32Array(Math.min(most, count) * stride)
  return embed(count, most, async (from, to) => {
    for (let i = from; i < to; i++) writePixelValues(read(i), size, batch, (i - from) * stride)
    const rows = await encoder.encodeImages(batch.subarray(0, (to - from) * stride), to - from)
    update?.(to)
    return rows
  })
}

/** CLIP-normalised pixels [N, 3, S, S] → [N, E]. */
export async function embedPixels(encoder: ImageEncoder, pixels: Float32Array, count: number): Promise<Float32Array> {
  const stride = pixels.length / count
  return embed(count, imagesPerCall(encoder, Math.sqrt(stride / 3)), (from, to) =>
    encoder.encodeImages(pixels.subarray(from * stride, to * stride), to - from),
  )
}

/** Texts go through the tower sorted by length, so that little of a call is padding. → [N, E] */
export async function embedTexts(encoder: TextEncoder, texts: readonly string[], update?: (done: number) => void): Promise<Float32Array> {
  const lengths = texts.map((text) => Buffer.byteLength(text))
  const order = [...texts.keys()].sort((a, b) => lengths[a]! - lengths[b]!)
  let result = new Float32Array(0)
  for (let from = 0; from < order.length; ) {
    let to = from + 1
    while (!encoder.oneByOne && to < order.length && to - from < mostItems && (to + 1 - from) * lengths[order[to]!]! <= textBytes) to++
    const call = order.slice(from, to)
    const rows = await encoder.encodeTexts(call.map((text) => texts[text]!))
    const dim = rows.length / call.length
    if (from === 0) result = new Float32Array(texts.length * dim)
    for (const [i, text] of call.entries()) result.set(rows.subarray(i * dim, (i + 1) * dim), text * dim)
    from = to
    update?.(to)
  }
  return result
}

/**
 * How many images a tower gets at once, so that memory stays flat at any size: as many as a ViT-B/16's attention (12·T² numbers) and MLP (3,072·T), T = (S/16)²,
 * leave room for, and as the first stages of an EfficientNet: 96 channels at half the side, as read, convolved, rectified and summed.
 */
export function imagesPerCall({ oneByOne }: Pick<Encoder, 'oneByOne'>, size: number): number {
  if (oneByOne) return 1
  const tokens = (size / 16) ** 2
  const numbers = Math.max(tokens * (12 * tokens + 3072), 4 * 96 * (size / 2) ** 2)
  return Math.max(1, Math.min(mostItems, Math.floor(activationBytes / (4 * numbers))))
}

async function embed(count: number, most: number, call: (from: number, to: number) => Promise<Float32Array>): Promise<Float32Array> {
  let result = new Float32Array(0)
  for (let from = 0; from < count; from += most) {
    const to = Math.min(from + most, count)
    const rows = await call(from, to)
    const dim = rows.length / (to - from)
    if (from === 0) result = new Float32Array(count * dim)
    result.set(rows, from * dim)
  }
  return result
}
