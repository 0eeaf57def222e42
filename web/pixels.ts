import type { Pixels } from '../corpora/resize.ts'

/** Vector drawings are rendered at least this large, as in training: thin lines then keep their weight. */
const svgSide = 256
/** Larger photographs are halved in both directions until they fit: phones run out of memory. */
const largestArea = 40_000_000

/**
 * Decodes a picture file with the browser's own decoders, turned upright as its camera says.
 * @throws Error with words for the user when the file is no picture
 */
export async function readPicture(file: Blob): Promise<Pixels> {
  try {
    return await (file.type.includes('svg') ? readSvg(file) : readBitmap(file))
  } catch {
    throw new Error('This file is no picture that this browser can read.')
  }
}

async function readBitmap(file: Blob): Promise<Pixels> {
  const bitmap = await createImageBitmap(file, { premultiplyAlpha: 'none' })
  let { width, height } = bitmap
  while (width * height > largestArea) [width, height] = [width >> 1, height >> 1]
  const pixels = pixelsOf(bitmap, width, height)
  bitmap.close()
  return pixels
}

async function readSvg(file: Blob): Promise<Pixels> {
  const url = URL.createObjectURL(file)
  try {
    const image = new Image()
    image.src = url
    await image.decode()
    const scale = Math.max(1, svgSide / Math.max(image.naturalWidth, image.naturalHeight))
    return pixelsOf(image, Math.round(image.naturalWidth * scale), Math.round(image.naturalHeight * scale))
  } finally {
    URL.revokeObjectURL(url)
  }
}

function pixelsOf(source: CanvasImageSource, width: number, height: number): Pixels {
  const canvas = document.createElement('canvas')
  canvas.width = width
  canvas.height = height
  const context = canvas.getContext('2d', { willReadFrequently: true })!
  context.drawImage(source, 0, 0, width, height)
  return context.getImageData(0, 0, width, height)
}
