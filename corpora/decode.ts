import sharp, { type Region, type Sharp } from 'sharp'
import { type Filter, type Framing, place } from './framing.ts'
import { drawingInSquare, onSquare, placeInSquare, type Rgba, seenOf } from './place-in-square.ts'

/**
 * How an image meets the square frame: `drawing` shows all of it, cropped to what is visible and centred on transparent;
 * `photo` is what the model's preprocessor does, a `Framing`: CLIP's is shorter side to the frame and centre crop;
 * `auto` takes `drawing` for images with transparent pixels and `photo` for all others.
 */
export type Fit = 'drawing' | 'photo' | 'auto'

/** sharp's names for the filters in which it agrees with PIL as long as it shrinks; what it enlarges lies half a target pixel off. */
const shrinkKernels: Partial<Record<Filter, 'cubic' | 'linear' | 'lanczos3'>> = { bicubic: 'cubic', bilinear: 'linear', lanczos: 'lanczos3' }

/** Vector drawings are rendered at least this large before they are reduced: thin lines then keep their weight. */
const svgSide = 256
/** And at least so many times the size asked for: what is left once the empty margin is cut off shall not be enlarged. */
const svgFactor = 2
/** Alpha (of 255) up to which a pixel counts as empty: soft shadows and resampling leave traces of 1 or 2. */
const emptyAlpha = 8

interface Raw {
  data: Uint8Array
  width: number
  height: number
}

/**
 * Decodes a picture as decodeImage does, here and now.
 * @throws Error, with the cause in words, for what is no picture and for one that shows nothing
 */
export async function decodeBytes(bytes: Uint8Array, size: number, fit: Fit, framing: Framing): Promise<Uint8Array> {
  const { width, height, hasAlpha, format, space, autoOrient } = await sharp(bytes).metadata()
  if (fit === 'photo' || (fit === 'auto' && !hasAlpha)) {
    if (space === 'cmyk') {
      const image = await fromCmyk(bytes)
      return photo(open(image), image, size, framing)
    }
    return photo(sharp(bytes).autoOrient(), autoOrient, size, framing)
  }
  const side = Math.max(svgSide, svgFactor * size)
  const small = format === 'svg' && Math.max(width, height) < side
  const density = small ? Math.min(100_000, (72 * side) / Math.max(width, height)) : undefined
  const image = await rgbaOf(sharp(bytes, density ? { density } : {}).autoOrient())
  if (fit === 'auto' && isOpaque(image.data)) return photo(open(image), image, size, framing)
  return drawing(image, size)
}

async function photo(image: Sharp, picture: { width: number; height: number }, size: number, framing: Framing): Promise<Uint8Array> {
  const placement = place(framing, picture, size)
  const fill: Rgba = [...(framing.fill ?? [0, 0, 0]), 255]
  const kernel = isShrunk(placement, picture) ? shrinkKernels[framing.filter] : undefined
  if (!kernel) return bytesOf(placeInSquare(await rgbaOf(image), placement, size, framing.filter, fill))
  // The quick JPEG reduction would move values by several levels: other preprocessors read every pixel.
  const resized = image.resize(placement.width, placement.height, { fit: 'fill', kernel, fastShrinkOnLoad: false })
  return bytesOf(onSquare(await rgbaOf(resized.extract(seenOf(placement, size))), placement, size, fill))
}

async function drawing(image: Raw, size: number): Promise<Uint8Array> {
  const box = visibleBox(image)
  const cropped = open(image).extract(box)
  if (Math.max(box.width, box.height) < size) return bytesOf(drawingInSquare(await rgbaOf(cropped), size))
  const resized = cropped.resize(size, size, { fit: 'contain', kernel: 'cubic', background: { r: 0, g: 0, b: 0, alpha: 0 } })
  return (await rgbaOf(resized)).data
}

const isShrunk = (to: { width: number; height: number }, from: { width: number; height: number }) =>
  to.width <= from.width && to.height <= from.height

const bytesOf = ({ data }: { data: Uint8Array | Uint8ClampedArray }) => new Uint8Array(data.buffer, data.byteOffset, data.length)

/** Inks on paper, without a profile, as PIL reckons: R = 255 − K − C·(255 − K)/255. */
async function fromCmyk(bytes: Uint8Array): Promise<Raw> {
  const decoded = sharp(bytes).autoOrient().pipelineColourspace('cmyk').toColourspace('cmyk').raw()
  const { data: inks, info } = await decoded.toBuffer({ resolveWithObject: true })
  const data = new Uint8Array(info.width * info.height * 4).fill(255)
  for (let i = 0; i < data.length; i += 4) {
    const light = 255 - inks[i + 3]!
    for (let c = 0; c < 3; c++) data[i + c] = light - Math.round((inks[i + c]! * light) / 255)
  }
  return { data, width: info.width, height: info.height }
}

/** Bounding box of what is not empty; an opaque image is its own box. */
function visibleBox({ data, width, height }: Raw): Region {
  let left = width
  let top = height
  let right = -1
  let bottom = -1
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (data[4 * (y * width + x) + 3]! <= emptyAlpha) continue
      if (x < left) left = x
      if (x > right) right = x
      if (y < top) top = y
      bottom = y
    }
  }
  if (right < 0) throw new Error('every pixel is transparent')
  return { left, top, width: right - left + 1, height: bottom - top + 1 }
}

function isOpaque(data: Uint8Array): boolean {
  for (let i = 3; i < data.length; i += 4) if (data[i]! < 250) return false
  return true
}

async function rgbaOf(image: Sharp): Promise<Raw> {
  const { data, info } = await image.toColourspace('srgb').ensureAlpha().raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true })
  return { data, width: info.width, height: info.height }
}

function open({ data, width, height }: Raw): Sharp {
  return sharp(data, { raw: { width, height, channels: 4 } })
}
