/** Mean and standard deviation per channel of CLIP's training images, on the 0..1 scale. */
export const clipMean: readonly [number, number, number] = [0.48145466, 0.4578275, 0.40821073]
export const clipStd: readonly [number, number, number] = [0.26862954, 0.26130258, 0.27577711]

/** Red, green, blue in 0..255. */
export type Rgb = readonly [number, number, number]

export const white: Rgb = [255, 255, 255]

/**
 * Composites `rgba` on a plain background, white if not named, and writes CLIP's normalised planes at `out[offset …]`.
 * @param rgba `[size, size, 4]` bytes, not premultiplied
 * @param out receives `[3, size, size]`: `(value / 255 - mean) / std`
 */
export function writePixelValues(rgba: Uint8Array, size: number, out: Float32Array, offset: number, background: Rgb = white): void {
  const area = size * size
  for (let channel = 0; channel < 3; channel++) {
    const factor = 1 / (255 * clipStd[channel]!)
    const shift = clipMean[channel]! / clipStd[channel]!
    const behind = background[channel]!
    const start = offset + channel * area
    for (let i = 0; i < area; i++) {
      const alpha = rgba[4 * i + 3]!
      const value = (rgba[4 * i + channel]! * alpha + behind * (255 - alpha)) / 255
      out[start + i] = value * factor - shift
    }
  }
}
