import sharp from 'sharp'
import type { Pixels } from '../../corpora/resize.ts'

/** Decodes a picture file as a canvas would: turned upright, RGBA bytes, not premultiplied. */
export async function pixelsOf(file: Uint8Array): Promise<Pixels> {
  const { data, info } = await sharp(file)
    .autoOrient()
    .toColourspace('srgb')
    .ensureAlpha()
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
  return { data, width: info.width, height: info.height }
}
