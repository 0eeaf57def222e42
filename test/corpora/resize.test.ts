import test from 'ava'
import sharp from 'sharp'
import type { Filter } from '../../corpora/framing.ts'
import { type Pixels, resize } from '../../corpora/resize.ts'
import { probeImages } from '../../web/parity/probes.ts'
import { pixelsOf } from '../web/pictures.ts'
import { byPil } from './pil.ts'

/** Differences between two pictures of one size in levels of 255; colours count as much as they are opaque. */
function differences(a: Pixels, b: Uint8Array): { mean: number; most: number } {
  let [sum, most] = [0, 0]
  for (let i = 0; i < b.length; i++) {
    const opacity = (data: ArrayLike<number>) => (i % 4 === 3 ? 1 : data[i | 3]! / 255)
    const difference = Math.abs(a.data[i]! * opacity(a.data) - b[i]! * opacity(b))
    sum += difference
    most = Math.max(most, difference)
  }
  return { mean: sum / b.length, most }
}

async function bySharp(file: Uint8Array, width: number, height: number): Promise<Uint8Array> {
  return sharp(file)
    .autoOrient()
    .resize(width, height, { fit: 'fill', kernel: 'cubic', fastShrinkOnLoad: false })
    .toColourspace('srgb')
    .ensureAlpha()
    .raw()
    .toBuffer()
}

test("pictures shrink as by sharp's cubic filter", async (t) => {
  for (const { name, file } of await probeImages()) {
    const picture = await pixelsOf(file)
    for (const [width, height] of [
      [64, 64],
      [85, 64],
      [224, 224],
    ] as const) {
      const { mean, most } = differences(resize(picture, width, height), await bySharp(file, width, height))
      t.true(mean < 0.7 && most < 16, `${name} to ${width} × ${height}: mean ${mean}, most ${most}`)
    }
  }
})

const solid = (width: number, height: number, at: (x: number, y: number) => number): Pixels => ({
  width,
  height,
  data: Uint8ClampedArray.from({ length: width * height * 4 }, (_, i) => (i % 4 === 3 ? 255 : at((i >> 2) % width, Math.floor((i >> 2) / width)))),
})
const greys = ({ data }: Pixels) => Array.from(data.filter((_, i) => i % 4 === 0))

test('the same size changes nothing, a plain picture stays plain, a slope stays a slope', (t) => {
  const noise = solid(7, 5, (x, y) => (x * 37 + y * 101) % 256)
  t.deepEqual(resize(noise, 7, 5).data, noise.data)
  t.deepEqual(
    new Set(
      greys(
        resize(
          solid(50, 31, () => 77),
          9,
          13,
        ),
      ),
    ),
    new Set([77]),
  )
  const slope = greys(
    resize(
      solid(100, 1, (x) => 2 * x + 20),
      10,
      1,
    ),
  )
  t.deepEqual(slope.slice(2, -2), [69, 89, 109, 129, 149, 169])
})

test('a grating too fine for the result becomes grey', (t) => {
  const rows = greys(
    resize(
      solid(640, 640, (x) => (x % 2 ? 255 : 0)),
      64,
      64,
    ),
  )
  const inner = rows.filter((_, i) => i % 64 > 1 && i % 64 < 62) // the border repeats, and is of one colour
  t.true(inner.every((grey) => Math.abs(grey - 127.5) < 2))
})

test('enlarging follows the cubic', (t) => {
  // A quarter from the nearest pixel Catmull-Rom weighs −9/128, 111/128, 29/128, −3/128.
  const step = greys(
    resize(
      solid(6, 1, (x) => (x < 3 ? 16 : 144)),
      12,
      1,
    ),
  )
  t.deepEqual(step, [16, 16, 16, 16 - 3, 16 - 9, 16 + 29 - 3, 144 - 29 + 3, 144 + 9, 144 + 3, 144, 144, 144])
})

test('transparent pixels lend no colour, and a frame may cut through pixels', (t) => {
  const picture = solid(80, 8, () => 200)
  for (let i = 0; i < picture.data.length; i += 8) picture.data.set([255, 0, 0, 0], i) // every second column: transparent red
  const middle = resize(picture, 10, 1).data.slice(20, 24)
  t.deepEqual([...middle.slice(0, 3)], [200, 200, 200])
  t.true(Math.abs(middle[3]! - 127.5) < 2, String(middle[3]))
  const slope = solid(100, 1, (x) => 2 * x)
  t.deepEqual(greys(resize(slope, 4, 1, { left: 30.5, top: 0, width: 40, height: 1 })), [70, 90, 110, 130])
})

test('every filter gives the pixels of PIL, enlarged and reduced', (t) => {
  const picture = solid(7, 5, (x, y) => (x * x * 37 + y * 91 + x * y * 13) % 256)
  for (const [filter, sizes] of Object.entries(byPil)) {
    for (const [size, expected] of Object.entries(sizes)) {
      const [width, height] = size.split('x').map(Number) as [number, number]
      const found = greys(resize(picture, width, height, undefined, filter as Filter))
      const apart = found.map((grey, i) => Math.abs(grey - expected[i]!))
      const mean = apart.reduce((sum, value) => sum + value, 0) / apart.length
      // PIL rounds and clips between its two passes: of noise this strong, lanczos overshoots.
      t.true(Math.max(...apart) <= 4 && mean < 0.6, `${filter} to ${size}: mean ${mean}, most ${Math.max(...apart)} levels`)
    }
  }
})
