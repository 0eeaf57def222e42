import test from 'ava'
import { random } from '../../base/random.ts'
import { type Augmentation, applyAugmentation, drawAugmentation } from '../../corpora/augment.ts'
import { clipStd } from '../../corpora/pixel-values.ts'

const small = 64

/** A shaded face with eyes and a mouth on transparent, every pixel the mean of 4 × 4 points. RGBA [side, side, 4] */
function face(side: number): Uint8Array {
  const rgba = new Uint8Array(side * side * 4)
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const sum = [0, 0, 0, 0]
      for (let k = 0; k < 16; k++) {
        const [u, v] = [(x + ((k % 4) + 0.5) / 4) / side, (y + (Math.floor(k / 4) + 0.5) / 4) / side]
        if (Math.hypot(u - 0.5, v - 0.5) > 0.45) continue
        const dark =
          Math.hypot(u - 0.35, v - 0.4) < 0.07 || Math.hypot(u - 0.65, v - 0.4) < 0.07 || (Math.abs(v - 0.7) < 0.04 && Math.abs(u - 0.5) < 0.2)
        for (const [c, value] of (dark ? [40, 20, 10] : [240, 150 + 80 * u, 120 * v]).entries()) sum[c] = sum[c]! + value
        sum[3] = sum[3]! + 1
      }
      rgba.set([...sum.slice(0, 3).map((value) => value / Math.max(1, sum[3]!)), (255 * sum[3]!) / 16], 4 * (y * side + x))
    }
  }
  return rgba
}

const faces = new Map([64, 112, 128, 256, 260].map((side) => [side, face(side)]))

/** Rendered at `side` and reduced to 64 px by areas, grey levels. [3, 64, 64] */
function seen(side: number, record: Augmentation): Float64Array {
  const pixels = new Float32Array(3 * side * side)
  applyAugmentation(faces.get(side)!, side, record, pixels)
  const sums = new Float64Array(3 * small * small)
  const reach = side / small
  for (let c = 0; c < 3; c++) {
    for (let y = 0; y < small; y++) {
      for (let x = 0; x < small; x++) {
        let [sum, weight] = [0, 0]
        for (let v = Math.floor(y * reach); v < (y + 1) * reach && v < side; v++) {
          for (let u = Math.floor(x * reach); u < (x + 1) * reach && u < side; u++) {
            const [wide, high] = [
              Math.min(u + 1, (x + 1) * reach) - Math.max(u, x * reach),
              Math.min(v + 1, (y + 1) * reach) - Math.max(v, y * reach),
            ]
            sum += pixels[(c * side + v) * side + u]! * wide * high
            weight += wide * high
          }
        }
        sums[(c * small + y) * small + x] = (255 * clipStd[c]! * sum) / weight
      }
    }
  }
  return sums
}

function meanDifference(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + Math.abs(value - b[i]!), 0) / a.length
}

const ink = [0, 0, 0] as const
/**
 * What each change may differ by, mean grey levels, between 64 px and 112 to 260. The plain picture differs by 0.8. Lines that stayed a pixel wide would differ by
 * 30, faint ones by 39, inner edges by 12, noise of single pixels by 12.
 */
const changes: Record<string, [Augmentation, number]> = {
  nothing: [{}, 1],
  'thin outline': [{ outline: { ink, width: 0.012, inner: 0 } }, 6],
  'thick outline with inner edges': [{ outline: { ink, width: 0.036, inner: 1 } }, 5.5],
  lines: [{ lines: { ink, threshold: 0.1, fill: true } }, 8],
  'lines of faint edges': [{ lines: { ink, threshold: 0.05, fill: false } }, 10],
  blur: [{ blur: 0.018 }, 1],
  noise: [{ noise: { amount: 40, seed: 5 } }, 4.5],
  posterise: [{ posterise: 3 }, 2],
  cutout: [{ cutout: { x: 0.25, y: 0.25, width: 0.25, height: 0.5, colour: [9, 200, 90] } }, 1],
}

for (const [title, [record, limit]] of Object.entries(changes)) {
  test(`is the same picture at every size: ${title}`, (t) => {
    const own = seen(small, record)
    for (const side of [112, 128, 256, 260]) {
      const difference = meanDifference(own, seen(side, record))
      t.true(difference < limit, `${side} px: ${difference}`)
    }
  })
}

test('drawn augmentations are the same picture for a student of 64 px and a teacher of 260 px', (t) => {
  const differences = Array.from({ length: 60 }, (_, seed) => {
    const record = drawAugmentation(random(seed), { name: 'style', strength: 1 })
    return meanDifference(seen(small, record), seen(260, record))
  }).sort((a, b) => a - b)
  t.true(differences[30]! < 4 && differences[57]! < 9, `median ${differences[30]}, 95 of 100 below ${differences[57]}`)
})
