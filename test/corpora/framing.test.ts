import test from 'ava'
import sharp from 'sharp'
import { clipFraming, type Framing, framingInWords, place } from '../../corpora/framing.ts'
import { decodeImage } from '../../corpora/images.ts'

const stretch: Framing = { resize: 'stretch', zoom: 1, filter: 'bicubic' }
const large: Framing = { resize: 'shortest', zoom: 384 / 336, filter: 'bilinear' }
const whole: Framing = { resize: 'longest', zoom: 1, filter: 'bicubic', fill: [9, 8, 7] }

test("the longer side and the crop's corner are rounded down, as Hugging Face's processors do", (t) => {
  // 224 · 333/251 = 297.2; (297 − 224)/2 = 36.5
  t.deepEqual(place(clipFraming, { width: 333, height: 251 }, 224), { width: 297, height: 224, left: 36, top: 0 })
  // 64 · 4/3 = 85.3; (85 − 64)/2 = 10.5
  t.deepEqual(place(clipFraming, { width: 640, height: 480 }, 64), { width: 85, height: 64, left: 10, top: 0 })
  t.deepEqual(place(clipFraming, { width: 480, height: 640 }, 64), { width: 64, height: 85, left: 0, top: 10 })
})

test('a picture can be stretched, resized larger than its square, or shown whole', (t) => {
  t.deepEqual(place(stretch, { width: 1920, height: 1080 }, 224), { width: 224, height: 224, left: 0, top: 0 })
  // 384 · 16/9 = 682.7; (682 − 336)/2 = 173; (384 − 336)/2 = 24
  t.deepEqual(place(large, { width: 1920, height: 1080 }, 336), { width: 682, height: 384, left: 173, top: 24 })
  // 64 · 251/333 = 48.2; 16 rows are left free, 8 above
  t.deepEqual(place(whole, { width: 333, height: 251 }, 64), { width: 64, height: 48, left: 0, top: -8 })
  t.deepEqual(place(whole, { width: 251, height: 330 }, 64), { width: 48, height: 64, left: -8, top: 0 })
})

test('framings say what they do', (t) => {
  t.is(framingInWords(clipFraming, 224), 'shorter side to 224, bicubic, centre crop to 224 × 224')
  t.is(framingInWords(large, 336), 'shorter side to 384, bilinear, centre crop to 336 × 336')
  t.is(framingInWords(stretch, 224), 'stretched to 224 × 224, bicubic')
  t.is(framingInWords(whole, 64), 'longer side to 64, bicubic, centred on rgb(9, 8, 7) of 64 × 64')
})

/** Red, green and blue bands of 40 × 40. */
const bands = () =>
  sharp(
    Buffer.from(
      '<svg xmlns="http://www.w3.org/2000/svg" width="120" height="40"><rect width="40" height="40" fill="#f00"/><rect x="40" width="40" height="40" fill="#0f0"/><rect x="80" width="40" height="40" fill="#00f"/></svg>',
    ),
  )
    .removeAlpha()
    .png()
    .toBuffer()

test('what is decoded follows the framing, for pictures smaller and larger than the square', async (t) => {
  const file = await bands()
  for (const size of [20, 60]) {
    const at = async (framing: Framing, x: number, y: number) => {
      const rgba = await decodeImage({ key: 'bands', read: async () => file }, size, 'auto', framing)
      const start = 4 * (Math.floor(y * size) * size + Math.floor(x * size))
      return [...rgba.subarray(start, start + 3)]
    }
    t.deepEqual(await at(clipFraming, 0.1, 0.5), [0, 255, 0])
    t.deepEqual(await at(clipFraming, 0.9, 0.5), [0, 255, 0])
    t.deepEqual(await at(stretch, 0.1, 0.5), [255, 0, 0])
    t.deepEqual(await at(stretch, 0.9, 0.5), [0, 0, 255])
    t.deepEqual(await at(whole, 0.1, 0.5), [255, 0, 0])
    t.deepEqual(await at(whole, 0.1, 0.1), [9, 8, 7])
    t.deepEqual(await at(whole, 0.9, 0.9), [9, 8, 7])
  }
})

/** 8 × 8 pixels of cyan 230, magenta 20, yellow 10, black 51 of 255, as PIL 13 writes it. */
const inks = [
  '/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwADAgIDAgIDAwMDBAMDBAUIBQUEBAUKBwcGCAwKDAwLCgsLDQ4SEA0OEQ4LCxAWEBETFBUVFQwPFxgWFBgSFBUU/8AA',
  'FAgACAAIBEMRAE0RAFkRAEsRAP/EABUAAQEAAAAAAAAAAAAAAAAAAAkI/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAA4EQwBNAFkASwAAPwA7COk4WW//2Q==',
].join('')

test('inks without a profile become light as PIL reckons', async (t) => {
  const rgba = await decodeImage({ key: 'inks', read: async () => Buffer.from(inks, 'base64') }, 4, 'photo')
  const byPil = [20, 188, 196]
  t.true(
    byPil.every((level, c) => Math.abs(level - rgba[c]!) <= 2),
    `${rgba.subarray(0, 3)}`,
  )
})
