import test from 'ava'
import sharp from 'sharp'
import { decodeImage } from '../../corpora/images.ts'
import { frame } from '../../web/frame.ts'
import { probeImages } from '../../web/parity/probes.ts'
import { pixelsOf } from './pictures.ts'

const onWhite = (rgba: Uint8Array) =>
  Uint8Array.from(rgba, (value, i) => (i % 4 === 3 ? 255 : (value * rgba[i | 3]! + 255 * (255 - rgba[i | 3]!)) / 255 + 0.5))

/** Mean absolute difference in levels of 255 between what training sees of a file and what the page sees. */
async function apart(file: Uint8Array, size: number): Promise<number> {
  const trained = onWhite(await decodeImage({ key: 'probe', read: async () => file }, size))
  const { data } = frame(await pixelsOf(file), size)!
  let sum = 0
  for (let i = 0; i < data.length; i++) sum += Math.abs(data[i]! - trained[i]!)
  return sum / (0.75 * data.length)
}

const shape = (width: number, height: number) =>
  Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><g transform="scale(${width / 100} ${height / 100})">
<circle cx="42" cy="55" r="30" fill="#d33" opacity="0.9"/><path d="M60 20l30 55h-50z" fill="#26a" stroke="#000" stroke-width="3"/></g></svg>`)

test('the page sees what training sees', async (t) => {
  for (const { name, file } of await probeImages())
    for (const size of [32, 64]) t.true((await apart(file, size)) < 1, `${name} at ${size}: ${await apart(file, size)}`)
})

test('drawings of odd shapes, large and small, are placed alike', async (t) => {
  for (const [width, height] of [
    [301, 87],
    [90, 333],
    [257, 255],
    [64, 64],
    [41, 30],
    [20, 37],
  ] as const) {
    const file = await sharp(shape(width, height)).png().toBuffer()
    const distance = await apart(file, 64)
    t.true(distance < 1, `${width} × ${height}: ${distance}`)
  }
})

test('photographs of odd shapes, large and small, are cropped alike', async (t) => {
  for (const [width, height] of [
    [301, 87],
    [90, 333],
    [65, 64],
    [41, 30],
    [20, 37],
  ] as const) {
    const file = await sharp(shape(width, height)).flatten({ background: '#cde' }).png().toBuffer()
    const distance = await apart(file, 64)
    t.true(distance < 1, `${width} × ${height}: ${distance}`)
  }
})

test('a picture without a visible pixel shows nothing', (t) => {
  t.is(frame({ data: new Uint8ClampedArray(16 * 4).fill(3), width: 4, height: 4 }, 8), undefined)
})
