import test from 'ava'
import { random } from '../../base/random.ts'
import { type Augmentation, applyAugmentation, drawAugmentation, type Policy } from '../../corpora/augment.ts'
import { toPixelValues } from '../../corpora/images.ts'
import { clipMean, clipStd } from '../../corpora/pixel-values.ts'

const size = 24
const mild: Policy = { name: 'mild', strength: 1 }
const style: Policy = { name: 'style', strength: 1 }

/** A shaded disc with a dark spot, on transparent, or on an opaque pattern. */
const disc = (opaque: boolean) => {
  const rgba = new Uint8Array(size * size * 4)
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const distance = Math.hypot(x - 11.5, y - 11.5)
      const inside = Math.max(0, Math.min(1, 12 - distance))
      const spot = distance < 4 ? 0.1 : 1
      const alpha = opaque ? 255 : Math.round(255 * inside)
      rgba.set([230 * spot, (60 + 5 * x) * spot, 5 * y * spot, alpha], 4 * (y * size + x))
    }
  }
  return rgba
}
const drawing = disc(false)
const photo = disc(true)

const apply = (rgba: Uint8Array, a: Augmentation, side = size) => {
  const out = new Float32Array(3 * side * side)
  applyAugmentation(rgba, side, a, out, 0)
  return out
}
/** Back to 0..255, rounded: [r, g, b] of one pixel. */
const levels = (values: Float32Array, x: number, y: number, side = size) =>
  [0, 1, 2].map((c) => Math.round(255 * (values[c * side * side + y * side + x]! * clipStd[c]! + clipMean[c]!)) + 0)

test('no augmentation gives the plain pixel values, bit for bit', (t) => {
  t.deepEqual(drawAugmentation(random(1), { name: 'none', strength: 1 }), {})
  for (const rgba of [drawing, photo]) t.deepEqual(apply(rgba, {}), toPixelValues(rgba, size))
})

test('strength 0 and an affine map that moves nothing change no pixel by more than rounding', (t) => {
  const drawn = drawAugmentation(random(3), { name: 'mild', strength: 0 })
  for (const rgba of [drawing, photo]) {
    const plain = toPixelValues(rgba, size)
    t.true(apply(rgba, drawn).every((value, i) => Math.abs(value - plain[i]!) < 1e-4))
  }
})

test('style at strength 0 is mild at strength 1', (t) => {
  for (let seed = 0; seed < 20; seed++)
    t.deepEqual(drawAugmentation(random(seed), { name: 'style', strength: 0 }), drawAugmentation(random(seed), mild))
})

test('a record that went through JSON makes the same bits, whatever was drawn in between', (t) => {
  for (let seed = 0; seed < 60; seed++) {
    const record = drawAugmentation(random(seed), style)
    const first = apply(drawing, record)
    apply(photo, drawAugmentation(random(seed + 1000), style))
    apply(new Uint8Array(10 * 10 * 4).fill(90), record, 10)
    t.deepEqual(apply(drawing, JSON.parse(JSON.stringify(record))), first)
    t.deepEqual(drawAugmentation(random(seed), style), record)
  }
})

test('only the place asked for is written', (t) => {
  const area = 3 * size * size
  const out = new Float32Array(3 * area).fill(7)
  const record = drawAugmentation(random(5), style)
  applyAugmentation(drawing, size, record, out, area)
  t.deepEqual(out.subarray(area, 2 * area), apply(drawing, record))
  t.true(out.subarray(0, area).every((value) => value === 7) && out.subarray(2 * area).every((value) => value === 7))
})

test('values are finite and within what colours can give', (t) => {
  const seen = new Set<string>()
  for (let seed = 0; seed < 400; seed++) {
    const record = drawAugmentation(random(seed), seed % 2 ? style : mild)
    for (const name of Object.keys(record)) seen.add(name)
    const out = apply(seed % 3 ? drawing : photo, record)
    for (let i = 0; i < out.length; i++) {
      const c = Math.floor(i / (size * size))
      const value = out[i]! * clipStd[c]! + clipMean[c]!
      if (!(value >= -1e-4 && value <= 1 + 1e-4)) return t.fail(`seed ${seed}: ${value} at ${i} of ${JSON.stringify(record)}`)
    }
  }
  t.deepEqual([...seen].sort(), ['affine', 'background', 'blur', 'colour', 'cutout', 'lines', 'noise', 'outline', 'posterise'])
})

test('white backgrounds are drawn often, scales within their range', (t) => {
  let whites = 0
  for (let seed = 0; seed < 1000; seed++) {
    const { affine, background } = drawAugmentation(random(seed), mild)
    t.true(affine!.scale >= 0.7 && affine!.scale <= 1.1)
    if (!background!.to && background!.from.every((value) => value === 255)) whites++
  }
  t.true(whites > 400 && whites < 500, `${whites}`)
})

test('an opaque image always covers the frame', (t) => {
  const blue = new Uint8Array(size * size * 4)
  for (let i = 0; i < size * size; i++) blue.set([10, 20, 200, 255], 4 * i)
  for (let seed = 0; seed < 100; seed++) {
    const { affine } = drawAugmentation(random(seed), mild)
    const out = apply(blue, { affine, background: { from: [255, 0, 0] } })
    for (const [x, y] of [
      [0, 0],
      [size - 1, 0],
      [0, size - 1],
      [size - 1, size - 1],
      [12, 12],
    ] as const)
      t.deepEqual(levels(out, x, y), [10, 20, 200])
  }
})

test('a drawing at half size stands in the middle of its background', (t) => {
  const green = new Uint8Array(16 * 16 * 4)
  for (let i = 0; i < 256; i++) green.set([0, 255, 0, 255], 4 * i)
  green[3] = 0 // one clear corner makes it a drawing
  const affine = { scale: 0.5, aspect: 1, angle: 0, shiftX: 0, shiftY: 0 }
  const out = apply(green, { affine, background: { from: [0, 0, 255] } }, 16)
  t.deepEqual(levels(out, 8, 8, 16), [0, 255, 0])
  t.deepEqual(levels(out, 5, 5, 16), [0, 255, 0])
  t.deepEqual(levels(out, 2, 8, 16), [0, 0, 255])
  t.deepEqual(levels(out, 8, 13, 16), [0, 0, 255])
})

test('colour changes by hand: grey, invert, channels, ramp', (t) => {
  const one = Uint8Array.of(200, 100, 50, 255)
  const still = { brightness: 0, contrast: 1, saturation: 1, hue: 0 }
  const colour = (change: object) => levels(apply(one, { colour: { ...still, ...change } }, 1), 0, 0, 1)
  t.deepEqual(colour({}), [200, 100, 50])
  t.deepEqual(colour({ saturation: 0 }), [124, 124, 124])
  t.deepEqual(colour({ invert: true }), [55, 155, 205])
  t.deepEqual(colour({ channels: [1, 2, 0] }), [100, 50, 200])
  t.deepEqual(colour({ brightness: 0.1, contrast: 2 }), [255, 98, 0])
  t.deepEqual(
    colour({
      ramp: [
        [0, 0, 100],
        [255, 0, 100],
      ],
    }),
    [124, 0, 100],
  )
  const [r, g, b] = colour({ hue: 1 })
  t.true(Math.abs(r! - 200) <= 1 && Math.abs(g! - 100) <= 1 && Math.abs(b! - 50) <= 1)
})

test('an outline darkens the edge and leaves inside and outside', (t) => {
  const square = new Uint8Array(size * size * 4)
  for (let y = 6; y < 18; y++) for (let x = 6; x < 18; x++) square.set([255, 220, 0, 255], 4 * (y * size + x))
  const out = apply(square, { outline: { ink: [0, 0, 0], width: 0.05, inner: 0 } })
  t.true(levels(out, 6, 12)[0]! < 90, `${levels(out, 6, 12)}`)
  t.deepEqual(levels(out, 12, 12), [255, 220, 0])
  t.deepEqual(levels(out, 1, 12), [255, 255, 255])
})

test('line art keeps edges only', (t) => {
  const square = new Uint8Array(size * size * 4)
  for (let y = 6; y < 18; y++) for (let x = 6; x < 18; x++) square.set([255, 220, 0, 255], 4 * (y * size + x))
  const out = apply(square, { lines: { ink: [0, 0, 0], threshold: 0.1, fill: false } })
  t.deepEqual(levels(out, 6, 12), [0, 0, 0])
  t.deepEqual(levels(out, 12, 12), [255, 255, 255])
  t.deepEqual(levels(out, 1, 12), [255, 255, 255])
})

test("a background of the drawing's own colour is moved away from it", (t) => {
  const black = new Uint8Array(size * size * 4)
  for (let y = 6; y < 18; y++) for (let x = 6; x < 18; x++) black[4 * (y * size + x) + 3] = 255
  t.deepEqual(levels(apply(black, { background: { from: [11, 11, 11] } }), 0, 0), [182, 182, 182])
  t.deepEqual(levels(apply(black, { background: { from: [0, 90, 0] } }), 0, 0), [0, 90, 0])
})
