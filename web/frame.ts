import { clipFraming, type Framing, place } from '../corpora/framing.ts'
import { drawingInSquare, placeInSquare } from '../corpora/place-in-square.ts'
import type { Box, Pixels } from '../corpora/resize.ts'

// As training prepares its pictures (corpora/images.ts); the tests and `distilingual parity` compare the two.

/** Alpha up to which a pixel counts as empty: soft shadows leave traces of 1 or 2. */
const emptyAlpha = 8
/** Alpha from which a pixel counts as solid. */
const solidAlpha = 250

/**
 * The square that the model sees of a picture, on white: of a photograph what the model's framing says; of a drawing with transparent pixels all
 * that is visible. After this the model's own processor has nothing left to resize.
 * @returns [size, size, 4], opaque; undefined for a picture without a visible pixel
 */
export function frame(image: Pixels, size: number, framing: Framing = clipFraming): Pixels | undefined {
  if (isSolid(image)) return onWhite(placeInSquare(image, place(framing, image, size), size, framing.filter, [...(framing.fill ?? [0, 0, 0]), 255]))
  const box = visibleBox(image)
  return box && onWhite(drawingInSquare(crop(image, box), size))
}

function onWhite({ data, width, height }: Pixels): Pixels {
  const result = new Uint8ClampedArray(data.length)
  for (let i = 0; i < data.length; i += 4) {
    const alpha = data[i + 3]!
    for (let c = 0; c < 3; c++) result[i + c] = (data[i + c]! * alpha + 255 * (255 - alpha)) / 255
    result[i + 3] = 255
  }
  return { data: result, width, height }
}

function isSolid({ data }: Pixels): boolean {
  for (let i = 3; i < data.length; i += 4) if (data[i]! < solidAlpha) return false
  return true
}

function visibleBox({ data, width, height }: Pixels): Box | undefined {
  let [left, top, right, bottom] = [width, height, -1, -1]
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (data[4 * (y * width + x) + 3]! <= emptyAlpha) continue
      left = Math.min(left, x)
      right = Math.max(right, x)
      top = Math.min(top, y)
      bottom = y
    }
  }
  return right < 0 ? undefined : { left, top, width: right - left + 1, height: bottom - top + 1 }
}

function crop({ data, width }: Pixels, box: Box): Pixels {
  const result = new Uint8ClampedArray(box.width * box.height * 4)
  for (let y = 0; y < box.height; y++) {
    const from = 4 * ((box.top + y) * width + box.left)
    result.set(data.subarray(from, from + 4 * box.width), 4 * y * box.width)
  }
  return { data: result, width: box.width, height: box.height }
}
