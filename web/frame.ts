import { type Box, type Pixels, resize } from './resize.ts'

// As training prepares its pictures (corpora/images.ts); the tests and `distilingual parity` compare the two.

/** Alpha up to which a pixel counts as empty: soft shadows leave traces of 1 or 2. */
const emptyAlpha = 8
/** Alpha from which a pixel counts as solid. */
const solidAlpha = 250

/**
 * The square that the model sees of a picture, on white: of a photograph the centre, shorter side to the frame; of a drawing with
 * transparent pixels all that is visible. After this the model's own processor has nothing left to resize.
 * @returns [size, size, 4], opaque; undefined for a picture without a visible pixel
 */
export function frame(image: Pixels, size: number): Pixels | undefined {
  if (isSolid(image)) return onWhite(photo(image, size))
  const box = visibleBox(image)
  return box && onWhite(drawing(crop(image, box), size))
}

function photo(image: Pixels, size: number): Pixels {
  const shorter = Math.min(image.width, image.height)
  const wide = Math.floor((size * image.width) / shorter)
  const high = Math.floor((size * image.height) / shorter)
  const across = axis(image.width / wide, size, Math.round((wide - size) / 2))
  const down = axis(image.height / high, size, Math.round((high - size) / 2))
  return resize(image, size, size, box(across, down))
}

function drawing(image: Pixels, size: number): Pixels {
  const scale = Math.max(image.width, image.height) / size
  const [width, height] = [image.width, image.height].map((side) => Math.max(1, Math.round(side / scale))) as [number, number]
  // What rounding to whole pixels cuts off or adds, it does at both ends alike; not when sharp enlarges.
  const skipped = (side: number, count: number) => (scale < 1 ? 0 : (side / scale - count) / 2)
  const across = axis(scale, width, skipped(image.width, width))
  const down = axis(scale, height, skipped(image.height, height))
  const small = resize(image, width, height, box(across, down))
  const data = new Uint8ClampedArray(size * size * 4)
  const [left, top] = [Math.floor((size - width) / 2), Math.floor((size - height) / 2)]
  for (let y = 0; y < height; y++) data.set(small.data.subarray(y * width * 4, (y + 1) * width * 4), 4 * ((top + y) * size + left))
  return { data, width: size, height: size }
}

interface Axis {
  from: number
  span: number
}

/** `count` steps of `scale` pixels after `skipped` ones. sharp enlarges from the corner of the first pixel, not from its centre. */
function axis(scale: number, count: number, skipped: number): Axis {
  const corner = scale < 1 ? scale / 2 : 0
  return { from: skipped * scale - corner, span: count * scale }
}

function box(across: Axis, down: Axis): Box {
  return { left: across.from, top: down.from, width: across.span, height: down.span }
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
