/** Filters by PIL's names; a `resample` of preprocessor_config.json is a place in this list. */
export const filters = ['nearest', 'lanczos', 'bilinear', 'bicubic', 'box', 'hamming'] as const
export type Filter = (typeof filters)[number]

/** How a photograph becomes the square that a model sees, at whatever size: plain JSON, part of cache keys. */
export interface Framing {
  /** What fills the square, before `zoom`: the shorter side, the longer side, or each side by itself, which stretches the picture. */
  resize: 'shortest' | 'longest' | 'stretch'
  /** Side after resizing by the side of the square: 384/336 resizes to 384 and keeps the centre of 336. */
  zoom: number
  filter: Filter
  /** Red, green, blue around a picture that leaves a part of the square free; black where it is not said. */
  fill?: readonly [number, number, number]
}

/** What a model sees of a picture. */
export interface Frame {
  imageSize: number // S, pixels
  framing: Framing
}

/** CLIP's: shorter side to the square, centre crop, bicubic. */
export const clipFraming: Framing = { resize: 'shortest', zoom: 1, filter: 'bicubic' }

/** Where the square lies on the resized picture. */
export interface Placement {
  /** Size of the whole picture after resizing. */
  width: number
  height: number
  /** Corner of the square on it; negative where the picture is smaller. */
  left: number
  top: number
}

/**
 * Resizing as Hugging Face's processors do it: the side that is not asked for is rounded down, the corner of the crop too, and padding before a
 * small picture is rounded up.
 * @param size side of the square
 */
export function place({ resize, zoom }: Framing, picture: { width: number; height: number }, size: number): Placement {
  const side = Math.round(size * zoom)
  const scale = (resize === 'longest' ? Math.max : Math.min)(picture.width, picture.height)
  const [width, height] = [picture.width, picture.height].map((length) =>
    resize === 'stretch' ? side : Math.max(1, Math.floor((side * length) / scale)),
  ) as [number, number]
  return { width, height, left: Math.floor((width - size) / 2), top: Math.floor((height - size) / 2) }
}

/** A framing in words, with the sizes in pixels that it has for a square of `size`. */
export function framingInWords({ resize, zoom, filter, fill = [0, 0, 0] }: Framing, size: number): string {
  const side = Math.round(size * zoom)
  const cut = side === size ? '' : `, centre ${side > size ? 'crop' : 'pad'} to ${size}`
  if (resize === 'stretch') return `stretched to ${side} × ${side}, ${filter}${cut}`
  if (resize === 'shortest') return `shorter side to ${side}, ${filter}, centre crop to ${size} × ${size}`
  return `longer side to ${side}, ${filter}, centred on rgb(${fill.join(', ')}) of ${size} × ${size}`
}
