import { createHash } from 'node:crypto'
import { join } from 'node:path'
import pLimit from 'p-limit'
import { progress } from '../../base/progress.ts'
import { decodeImage } from '../../corpora/images.ts'
import { contentOf } from '../../corpora/pixel-cache.ts'
import { writePixelValues } from '../../corpora/pixel-values.ts'
import type { ImageSource } from '../../corpora/sample.ts'
import type { FeatureTower, ImageFeatureTower, TextFeatureTower } from '../../models/onnx/feature-tower.ts'
import { openFeatureFolder } from '../teachers/feature-folder.ts'
import { openStore } from '../teachers/feature-store.ts'

/** Rows of one output. [rows, width] */
export interface FeatureRows {
  name: string
  width: number
  data: Float32Array
}

const version = 1
/** A run that was killed loses at most one block. */
const blockRows = 512
/** Items that a tower is given at once. */
const perCall = 64
/** Pictures decoded at once. */
const decoders = 4

/**
 * Runs a frozen image tower once over pictures, or reads what an earlier run left: float16 blocks in a folder of `cacheDir` that is named by a hash of tower, outputs and
 * pictures. A run that was killed goes on where it stopped. Returns the rows of every output.
 * @throws UserError for pictures that cannot be decoded, and for features that are not finite
 */
export async function pictureFeatures(tower: ImageFeatureTower, sources: readonly ImageSource[], cacheDir: string): Promise<FeatureRows[]> {
  const { imageSize: size, framing } = tower
  const limit = pLimit(decoders)
  const stride = 3 * size * size
  return await stored(tower, 'picture', sources.map(contentOf), cacheDir, async (from, to) => {
    const pixels = new Float32Array((to - from) * stride)
    const place = async (source: ImageSource, i: number) =>
      writePixelValues(await decodeImage(source, size, 'auto', framing), size, pixels, i * stride)
    await Promise.all(sources.slice(from, to).map((source, i) => limit(place, source, i)))
    return tower.read(pixels, to - from)
  })
}

/**
 * The same of texts by a frozen text tower. They are read in the order of their length, so that little is padded.
 * @throws UserError for features that are not finite
 */
export async function wordFeatures(tower: TextFeatureTower, texts: readonly string[], cacheDir: string): Promise<FeatureRows[]> {
  const order = texts.map((_, i) => i).sort((a, b) => texts[a]!.length - texts[b]!.length || a - b)
  const sorted = order.map((i) => texts[i]!)
  const rows = await stored(tower, 'text', sorted, cacheDir, (from, to) => tower.read(sorted.slice(from, to)))
  return rows.map(({ name, width, data }) => {
    const back = new Float32Array(data.length)
    order.forEach((text, row) => back.set(data.subarray(row * width, (row + 1) * width), text * width))
    return { name, width, data: back }
  })
}

async function stored(
  { id, outputs }: FeatureTower,
  kind: string,
  items: readonly unknown[],
  cacheDir: string,
  read: (from: number, to: number) => Promise<Float32Array[]>,
): Promise<FeatureRows[]> {
  const hash = createHash('sha256').update(JSON.stringify({ version, tower: id, outputs }))
  for (const item of items) hash.update(JSON.stringify(item))
  const key = hash.digest('hex')
  const dir = join(cacheDir, `tower-${kind}-${key.slice(0, 16)}`)
  await openFeatureFolder(dir, { version, key, tower: id, outputs, rows: items.length, blockRows })
  const store = await openStore(outputs.map(({ width }, i) => ({ dir, kind: `${kind}${i}`, rows: items.length, width, blockRows })))
  const bar = progress(`${kind} features`, items.length, `${kind}s`)
  const make = async (from: number, to: number) => {
    const blocks = outputs.map(({ width }) => new Float32Array((to - from) * width))
    for (let start = from; start < to; start += perCall) {
      const rows = await read(start, Math.min(start + perCall, to))
      for (const [i, part] of rows.entries()) blocks[i]!.set(part, (start - from) * outputs[i]!.width)
      bar.update(Math.min(start + perCall, to))
    }
    return blocks
  }
  try {
    const readers = await store.complete(make, bar.update)
    const all = Uint32Array.from(items, (_, row) => row)
    return outputs.map(({ name, width }, i) => ({ name, width, data: readers[i]!.read(all) }))
  } finally {
    bar.stop()
  }
}
