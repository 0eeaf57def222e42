/** Side of the thumbnails that the pixel baseline compares. */
export const thumbnailSide = 16

/** Alpha (of 255) up to which a pixel counts as empty, so that a soft shadow does not widen the crop. */
const emptyAlpha = 8

/**
 * The picture as a pixel nearest neighbour sees it: cropped to what is visible, centred in a square, laid on white and
 * averaged over equal areas.
 * @param rgba bytes of a square image [S, S, 4], not premultiplied
 * @returns RGB [16, 16, 3] in 0…1
 */
export function thumbnail(rgba: Uint8Array): Float32Array {
  const side = Math.sqrt(rgba.length / 4)
  if (!Number.isInteger(side) || side === 0) throw new RangeError(`thumbnail: ${rgba.length} bytes are no square RGBA image`)
  const { left, top, width, height } = visibleBox(rgba, side)
  const square = Math.max(width, height)
  const originX = left - (square - width) / 2
  const originY = top - (square - height) / 2
  const columns = coverage(originX, square, left, left + width)
  const rows = coverage(originY, square, top, top + height)

  const out = new Float32Array(thumbnailSide * thumbnailSide * 3).fill(1)
  rows.forEach((row, y) => {
    columns.forEach((column, x) => {
      const at = (y * thumbnailSide + x) * 3
      // Start from white and let each visible pixel take its share away: what lies outside the crop stays white.
      for (const [py, high] of row) {
        for (const [px, wide] of column) {
          const pixel = 4 * (py * side + px)
          const share = (wide * high * rgba[pixel + 3]!) / 255
          for (let c = 0; c < 3; c++) out[at + c]! -= share * (1 - rgba[pixel + c]! / 255)
        }
      }
    })
  })
  return out
}

/** For each of the 16 cells of a stretch the source pixels in `first … last - 1` it covers, with their share of the cell. */
function coverage(origin: number, length: number, first: number, last: number): [pixel: number, share: number][][] {
  const cell = length / thumbnailSide
  return Array.from({ length: thumbnailSide }, (_, i) => {
    const from = origin + i * cell
    const to = from + cell
    const shares: [number, number][] = []
    for (let pixel = Math.max(first, Math.floor(from)); pixel < Math.min(last, to); pixel++) {
      const share = (Math.min(pixel + 1, to) - Math.max(pixel, from)) / cell
      if (share > 0) shares.push([pixel, share])
    }
    return shares
  })
}

function visibleBox(rgba: Uint8Array, side: number): { left: number; top: number; width: number; height: number } {
  let left = side
  let top = side
  let right = -1
  let bottom = -1
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      if (rgba[4 * (y * side + x) + 3]! <= emptyAlpha) continue
      left = Math.min(left, x)
      right = Math.max(right, x)
      top = Math.min(top, y)
      bottom = y
    }
  }
  // An empty picture has no box: it becomes a white square.
  return right < 0 ? { left: 0, top: 0, width: side, height: side } : { left, top, width: right - left + 1, height: bottom - top + 1 }
}
