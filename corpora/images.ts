import { UserError } from '../base/errors.ts'
import { decodeBytes, type Fit } from './decode.ts'
import { decodeApart } from './decode-apart.ts'
import { clipFraming, type Framing } from './framing.ts'
import { type Rgb, writePixelValues } from './pixel-values.ts'
import type { ImageSource } from './sample.ts'

/**
 * Decodes one image (anything libvips reads; the first frame of an animation; EXIF orientation applied). Pictures that do not come with this program are
 * decoded in a process apart, with limits of time and memory.
 * @param size side of the result in pixels
 * @param framing of photographs
 * @returns RGBA bytes `[size, size, 4]`, not premultiplied
 * @throws UserError naming the image's key and the cause, when it cannot be decoded, shows nothing or goes beyond a limit
 */
export async function decodeImage(source: ImageSource, size: number, fit: Fit = 'auto', framing: Framing = clipFraming): Promise<Uint8Array> {
  const bytes = await source.read()
  try {
    return await (source.isOurs ? decodeBytes(bytes, size, fit, framing) : decodeApart({ bytes, size, fit, framing }))
  } catch (cause) {
    const message = cause instanceof Error ? cause.message.trim().split('\n').join('; ') : String(cause)
    throw new UserError({
      where: `image ${source.key}`,
      expected: 'a PNG, JPEG, WebP, AVIF, GIF, TIFF or SVG with visible pixels',
      got: bytes.length === 0 ? 'an empty file' : `${bytes.length} bytes that fail with "${message}"`,
      hint: 'Replace the image or take it out of the corpus.',
    })
  }
}

/**
 * What a vision tower takes: the image on a plain background, normalised with CLIP's mean and standard deviation.
 * @param rgba `[size, size, 4]` bytes, not premultiplied
 * @returns `[3, size, size]`
 */
export function toPixelValues(rgba: Uint8Array, size: number, background?: Rgb): Float32Array {
  const out = new Float32Array(3 * size * size)
  writePixelValues(rgba, size, out, 0, background)
  return out
}
