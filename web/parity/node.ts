import '../../engine/telemetry-off.ts'
import { RawImage } from '@huggingface/transformers'
import sharp, { type Sharp } from 'sharp'
import { type Frame, type Framing, place } from '../../corpora/framing.ts'
import type { Pixels } from '../../corpora/resize.ts'
import { frame } from '../frame.ts'
import { openImage, openText } from '../model.ts'
import type { Format } from '../site.ts'
import type { Embedded } from './check.ts'
import { openLibrary } from './library.ts'
import type { ProbeImage } from './probes.ts'

/** What the model card's lines, the page's own code and the library alone make of files and texts in Node. */
export interface NodeEmbedded {
  card: Embedded
  page: Embedded
  library: Embedded
  /** Whether a text has more tokens than the model reads. */
  tooLong: boolean[]
}

export async function embedInNode(
  dir: string,
  dtype: Format['dtype'],
  { imageSize, framing }: Frame,
  images: ProbeImage[],
  texts: string[],
): Promise<NodeEmbedded> {
  const [text, image, library] = [await openText(dir, dtype), await openImage(dir, dtype), await openLibrary(dir, dtype)]
  const [card, page, plain]: [Embedded, Embedded, Embedded] = [empty(), empty(), empty()]
  for (const { file } of images) {
    card.images.push([...(await library.embedImage(await cardImage(file, imageSize, framing)))])
    page.images.push([...(await image.embed(frame(await pixelsOf(file), imageSize, framing)!))])
    plain.images.push([...(await library.embedFile(new Blob([Uint8Array.from(file)])))])
  }
  for (const words of texts) {
    plain.texts.push([...(await library.embedText(words))])
    page.texts.push([...(await text.embed(words))])
  }
  card.texts = plain.texts
  const tooLong = texts.map((words) => library.tokensOf(words) > library.limit)
  await Promise.all([text.dispose(), image.dispose(), library.dispose()])
  return { card, page, library: plain, tooLong }
}

/** As the model card tells its readers to (export/card-usage.ts): one way for photographs, one for drawings on a transparent ground. */
async function cardImage(file: Uint8Array, size: number, framing: Framing): Promise<RawImage> {
  const { isOpaque } = await sharp(file).stats()
  const upright = sharp(file).autoOrient()
  const side = Math.round(size * framing.zoom)
  const fitted = isOpaque
    ? photograph(upright.flatten({ background: 'white' }), (await sharp(file).metadata()).autoOrient, side, framing)
    : drawing(upright, size, side)
  return new RawImage(Uint8ClampedArray.from(await fitted.toColourspace('srgb').raw().toBuffer()), side, side, 3)
}

function photograph(image: Sharp, picture: { width: number; height: number }, side: number, framing: Framing): Sharp {
  const { width, height, left, top } = place({ ...framing, zoom: 1 }, picture, side)
  const resized = image.resize(width, height, { fit: 'fill', kernel: 'cubic', fastShrinkOnLoad: false })
  return framing.resize === 'stretch' ? resized : resized.extract({ left, top, width: side, height: side })
}

function drawing(image: Sharp, size: number, side: number): Sharp {
  const [before, after] = [Math.floor((side - size) / 2), Math.ceil((side - size) / 2)]
  return image
    .trim({ background: '#0000', threshold: 8 })
    .flatten({ background: 'white' })
    .resize(size, size, { fit: 'contain', background: 'white', kernel: 'cubic' })
    .extend({ top: before, left: before, bottom: after, right: after, background: 'white' })
}

async function pixelsOf(file: Uint8Array): Promise<Pixels> {
  const decoded = sharp(file).autoOrient().toColourspace('srgb').ensureAlpha().raw({ depth: 'uchar' })
  const { data, info } = await decoded.toBuffer({ resolveWithObject: true })
  return { data, width: info.width, height: info.height }
}

function empty(): Embedded {
  return { images: [], texts: [] }
}
