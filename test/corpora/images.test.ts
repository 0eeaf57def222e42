import test from 'ava'
import sharp from 'sharp'
import { UserError } from '../../base/errors.ts'
import { decodeImage, toPixelValues } from '../../corpora/images.ts'
import type { ImageSource } from '../../corpora/sample.ts'
import { throwsUserError } from '../user-error.ts'

const source = (bytes: Uint8Array, key = 'test.png'): ImageSource => ({ key, read: async () => bytes })

const rectangle = (width: number, height: number, background: string) =>
  sharp({ create: { width, height, channels: 4, background } })
    .png()
    .toBuffer()

/** Vertical stripes, left to right, as an opaque PNG. */
const stripes = (colours: string[], width: number, height: number) => {
  const bars = colours.map((fill, i) => `<rect x="${i * width}" width="${width}" height="${height}" fill="${fill}"/>`)
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${colours.length * width}" height="${height}">${bars.join('')}</svg>`
  return sharp(Buffer.from(svg)).removeAlpha().png().toBuffer()
}

const pixel = (rgba: Uint8Array, size: number, x: number, y: number) => [...rgba.subarray(4 * (y * size + x), 4 * (y * size + x) + 4)]

test('a drawing is cropped to what is visible and centred on transparent', async (t) => {
  const bytes = await sharp({ create: { width: 100, height: 80, channels: 4, background: '#0000' } })
    .composite([{ input: await rectangle(40, 20, '#f00'), left: 55, top: 7 }])
    .png()
    .toBuffer()
  const rgba = await decodeImage(source(bytes), 32, 'drawing')
  for (let y = 0; y < 32; y++) {
    const expected = y >= 8 && y < 24 ? [255, 0, 0, 255] : 0
    for (const x of [0, 16, 31]) {
      const found = pixel(rgba, 32, x, y)
      if (expected) t.deepEqual(found, expected, `${x},${y}`)
      else t.is(found[3], 0, `${x},${y}`)
    }
  }
})

test('an opaque drawing keeps its margins', async (t) => {
  const bytes = await sharp({ create: { width: 90, height: 90, channels: 3, background: '#fff' } })
    .composite([{ input: await rectangle(30, 30, '#f00'), left: 0, top: 0 }])
    .png()
    .toBuffer()
  const rgba = await decodeImage(source(bytes), 30, 'drawing')
  t.deepEqual(pixel(rgba, 30, 2, 2), [255, 0, 0, 255])
  t.deepEqual(pixel(rgba, 30, 20, 20), [255, 255, 255, 255])
})

test('a photo loses what is left and right of its centre square', async (t) => {
  const bytes = await stripes(['#f00', '#0f0', '#00f'], 40, 40)
  for (const fit of ['photo', 'auto'] as const) {
    const rgba = await decodeImage(source(bytes), 20, fit)
    for (const x of [1, 10, 18]) t.deepEqual(pixel(rgba, 20, x, 10), [0, 255, 0, 255], fit)
  }
})

test('a tall photo loses top and bottom', async (t) => {
  const wide = await stripes(['#f00', '#0f0', '#00f'], 40, 40)
  const rgba = await decodeImage(source(await sharp(wide).rotate(90).png().toBuffer()), 20, 'photo')
  for (const y of [1, 10, 18]) t.deepEqual(pixel(rgba, 20, 10, y), [0, 255, 0, 255])
})

test('EXIF orientation is applied before the crop', async (t) => {
  // Orientation 6: turned clockwise for display, so that the left half becomes the top.
  const bytes = await sharp(await stripes(['#f00', '#00f'], 20, 40))
    .withMetadata({ orientation: 6 })
    .jpeg({ quality: 100 })
    .toBuffer()
  for (const fit of ['photo', 'auto', 'drawing'] as const) {
    const rgba = await decodeImage(source(bytes, 'turned.jpg'), 16, fit)
    const [top, bottom] = [pixel(rgba, 16, 8, 2), pixel(rgba, 16, 8, 13)]
    t.true(top[0]! > 230 && top[2]! < 25, `${fit} ${top}`)
    t.true(bottom[2]! > 230 && bottom[0]! < 25, `${fit} ${bottom}`)
  }
})

test('auto: transparent pixels mean drawing, an alpha channel alone does not', async (t) => {
  const clear = await sharp({ create: { width: 60, height: 20, channels: 4, background: '#0000' } })
    .composite([{ input: await rectangle(40, 20, '#00f'), left: 0, top: 0 }])
    .png()
    .toBuffer()
  t.deepEqual(await decodeImage(source(clear), 16, 'auto'), await decodeImage(source(clear), 16, 'drawing'))
  const opaque = await rectangle(60, 20, '#00f')
  t.deepEqual(await decodeImage(source(opaque), 16, 'auto'), await decodeImage(source(opaque), 16, 'photo'))
})

test('a small SVG is rendered large before it is reduced', async (t) => {
  const svg = (side: number) =>
    Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="${side}" height="${side}" viewBox="0 0 8 8"><circle cx="4" cy="4" r="4"/></svg>`)
  const small = await decodeImage(source(svg(8)), 48, 'drawing')
  const large = await decodeImage(source(svg(256)), 48, 'drawing')
  t.true(small.every((value, i) => Math.abs(value - large[i]!) <= 2))
})

test('grey, 16-bit and palette images become RGBA', async (t) => {
  const grey = await sharp({ create: { width: 9, height: 9, channels: 3, background: '#808080' } })
    .toColourspace('b-w')
    .png()
    .toBuffer()
  const deep = await sharp({ create: { width: 9, height: 9, channels: 3, background: '#808080' } })
    .toColourspace('rgb16')
    .png()
    .toBuffer()
  const palette = await sharp({ create: { width: 9, height: 9, channels: 3, background: '#808080' } })
    .png({ palette: true })
    .toBuffer()
  for (const bytes of [grey, deep, palette]) {
    const [r, g, b, alpha] = pixel(await decodeImage(source(bytes), 4, 'photo'), 4, 2, 2)
    t.true(Math.abs(r! - 128) <= 1 && g === r && b === r && alpha === 255, `${r} ${g} ${b} ${alpha}`)
  }
})

test('a broken, empty or invisible image is named with its cause', async (t) => {
  const jpeg = await sharp(await stripes(['#f00', '#0f0'], 64, 64))
    .jpeg()
    .toBuffer()
  const bad = {
    text: Buffer.from('not an image'),
    empty: Buffer.alloc(0),
    cut: jpeg.subarray(0, jpeg.length / 2),
    clear: await rectangle(8, 8, '#0000'),
  }
  for (const [key, bytes] of Object.entries(bad)) {
    await throwsUserError(t, () => decodeImage(source(bytes, `broken/${key}`), 16, 'drawing'), { where: `image broken/${key}` })
  }
  const missing = new UserError({ where: 'x.png', expected: 'a file', got: 'none', hint: 'Look.' })
  const read = () => Promise.reject(missing)
  t.is(await t.throwsAsync(decodeImage({ key: 'x', read }, 16, 'photo')), missing)
})

test('pixel values are composited and normalised', (t) => {
  const values = toPixelValues(Uint8Array.of(255, 0, 51, 255, 9, 9, 9, 0, 0, 0, 0, 51, 0, 0, 0, 255), 2)
  const near = (found: number, expected: number) => t.true(Math.abs(found - expected) < 1e-6, `${found} ${expected}`)
  near(values[0]!, (1 - 0.48145466) / 0.26862954)
  near(values[1]!, (1 - 0.48145466) / 0.26862954) // transparent: white
  near(values[2]!, (0.8 - 0.48145466) / 0.26862954) // a fifth of black over white
  near(values[3]!, -0.48145466 / 0.26862954)
  near(values[4]!, -0.4578275 / 0.26130258)
  near(values[8]!, (0.2 - 0.40821073) / 0.27577711)
  near(toPixelValues(Uint8Array.of(1, 2, 3, 0), 1, [0, 255, 0])[1]!, (1 - 0.4578275) / 0.26130258)
})
