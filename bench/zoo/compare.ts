import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { decodeImage, toPixelValues } from '../../corpora/images.ts'
import { openOnnxFolder } from '../../models/onnx/open-folder.ts'

/** What Python makes of the pictures and texts, in their order. */
export interface Reference {
  /** Pictures' files. */
  names: string[]
  /** Side of the squares that the model sees. */
  side: number
  images: number[][]
  texts: number[][]
  /** Those squares, [pictures, side, side, 3]. */
  rgb: Uint8Array
}

/** The worst over all pictures and texts. */
export interface Apart {
  /** Mean difference of a picture's pixels in grey levels. */
  grey: number
  /** Cosines to Python's features, and the same after the mean of Python's is taken off: what retrieval sees. */
  image: number
  centred: number
  text: number
  textCentred: number
}

/** Embeds pictures and texts with a teacher as training does, texts one at a time and together. */
export async function apartFrom(reference: Reference, dir: string, data: string): Promise<Apart> {
  const encoder = await openOnnxFolder(dir)
  try {
    const images: Float32Array[] = []
    let grey = 0
    for (const [i, name] of reference.names.entries()) {
      const rgba = await decodeImage({ key: name, read: () => readFile(join(data, 'images', name)) }, encoder.imageSize, 'auto', encoder.framing)
      grey = Math.max(grey, encoder.imageSize === reference.side ? meanDifference(rgba, reference.rgb, i) : Infinity)
      images.push(await encoder.encodeImages(toPixelValues(rgba, encoder.imageSize), 1))
    }
    const lines = (await readFile(join(data, 'texts.txt'), 'utf8')).trim().split('\n')
    const texts = lines.map((line) => JSON.parse(line) as string)
    const alone: Float32Array[] = []
    for (const text of texts) alone.push(await encoder.encodeTexts([text]))
    const together = await encoder.encodeTexts(texts)
    const beside = texts.map((_, i) => together.subarray(i * encoder.embedDim, (i + 1) * encoder.embedDim))
    const [image, centred] = leastCosines(images, reference.images)
    const [one, oneCentred] = leastCosines(alone, reference.texts)
    const [many, manyCentred] = encoder.oneByOne ? [1, 1] : leastCosines(beside, reference.texts)
    return { grey, image, centred, text: Math.min(one, many), textCentred: Math.min(oneCentred, manyCentred) }
  } finally {
    await encoder.release()
  }
}

function meanDifference(rgba: Uint8Array, rgb: Uint8Array, picture: number): number {
  const pixels = rgba.length / 4
  const start = picture * pixels * 3
  let sum = 0
  for (let i = 0; i < pixels; i++) for (let c = 0; c < 3; c++) sum += Math.abs(rgba[4 * i + c]! - rgb[start + 3 * i + c]!)
  return sum / (3 * pixels)
}

type Vector = ArrayLike<number>

/** Least cosine of rows, as they are and without the mean of `theirs`. */
function leastCosines(ours: Vector[], theirs: Vector[]): [number, number] {
  const [own, other] = [ours.map(unit), theirs.map(unit)]
  const mean = Float64Array.from(other[0]!, (_, i) => other.reduce((sum, row) => sum + row[i]!, 0) / other.length)
  const centre = (rows: Float64Array[]) => rows.map((row) => unit(row.map((value, i) => value - mean[i]!)))
  const least = (a: Float64Array[], b: Float64Array[]) => Math.min(...a.map((row, i) => row.reduce((sum, value, k) => sum + value * b[i]![k]!, 0)))
  return [least(own, other), least(centre(own), centre(other))]
}

function unit(row: Vector): Float64Array {
  const values = Float64Array.from(row)
  const length = Math.hypot(...values)
  return values.map((value) => value / length)
}
