import type { Filter, Placement } from './framing.ts'
import { type Pixels, resize } from './resize.ts'

export type Rgba = readonly [number, number, number, number]

/**
 * A drawing, whole and centred on transparent ground. One scale holds for both directions: what rounding to whole pixels cuts off or adds, it does at
 * both ends alike.
 * @returns [size, size, 4]
 */
export function drawingInSquare(drawing: Pixels, size: number): Pixels {
  const scale = Math.max(drawing.width, drawing.height) / size
  const [width, height] = [drawing.width, drawing.height].map((side) => Math.max(1, Math.round(side / scale))) as [number, number]
  const placement = { width, height, left: -Math.floor((size - width) / 2), top: -Math.floor((size - height) / 2) }
  const span = { width: width * scale, height: height * scale }
  const box = { left: (drawing.width - span.width) / 2, top: (drawing.height - span.height) / 2, ...span }
  return onSquare(resize(drawing, width, height, box), placement, size, [0, 0, 0, 0])
}

/**
 * Resizes a picture as `place` says and returns the square of it; what lies beside the picture gets the colour `fill`.
 * @returns [size, size, 4]
 */
export function placeInSquare(image: Pixels, placement: Placement, size: number, filter: Filter, fill: Rgba): Pixels {
  const { width, height } = placement
  const { left, top, ...seen } = seenOf(placement, size)
  const [across, down] = [image.width / width, image.height / height]
  const box = { left: left * across, top: top * down, width: seen.width * across, height: seen.height * down }
  return onSquare(resize(image, seen.width, seen.height, box, filter), placement, size, fill)
}

/** The part of the resized picture that lies in the square. */
export function seenOf({ width, height, left, top }: Placement, size: number): Placement {
  const [from, above] = [Math.max(left, 0), Math.max(top, 0)]
  return { left: from, top: above, width: Math.min(left + size, width) - from, height: Math.min(top + size, height) - above }
}

/** Lays that part on the square. */
export function onSquare(seen: Pixels, { left, top }: Placement, size: number, fill: Rgba): Pixels {
  if (seen.width === size && seen.height === size) return seen
  const data = new Uint8ClampedArray(size * size * 4)
  for (let i = 0; i < data.length; i += 4) data.set(fill, i)
  const [x, y] = [Math.max(-left, 0), Math.max(-top, 0)]
  for (let row = 0; row < seen.height; row++)
    data.set(seen.data.subarray(4 * row * seen.width, 4 * (row + 1) * seen.width), 4 * ((y + row) * size + x))
  return { data, width: size, height: size }
}
