import sharp from 'sharp'
import { normal, random } from '../../base/random.ts'

/** A picture file for comparing preprocessors. */
export interface ProbeImage {
  name: string
  file: Uint8Array
}

/**
 * Pictures that bring out how preprocessors differ, the same every time: made-up photographs (JPEG) of three shapes whose fine texture turns to
 * patterns where a resizer skips pixels, one of them as a camera held upright stores it, a drawing with hard edges (PNG), and one on a
 * transparent ground.
 */
export async function probeImages(): Promise<ProbeImage[]> {
  const photo = await photograph(960, 720)
  return [
    { name: 'photograph 960 × 720 (4:3)', file: photo },
    { name: 'photograph 640 × 360 (16:9)', file: await photograph(640, 360) },
    { name: 'photograph 360 × 640 (9:16)', file: await photograph(360, 640) },
    { name: 'the same, to be turned', file: await sharp(photo).withMetadata({ orientation: 6 }).jpeg({ quality: 92 }).toBuffer() },
    {
      name: 'drawing 512 × 512',
      file: await sharp(Buffer.from(drawing('<rect width="512" height="512" fill="#f4efe2"/>')))
        .removeAlpha()
        .png()
        .toBuffer(),
    },
    {
      name: 'drawing with alpha 512 × 400',
      file: await sharp(Buffer.from(drawing('')))
        .resize(512, 400, { fit: 'fill' })
        .png()
        .toBuffer(),
    },
  ]
}

/** In both scripts, with signs, digits, upper case, and longer than any context. */
export const probeTexts = [
  'dog face',
  'A red apple, on the table!',
  '红苹果',
  '两只黑猫在桌子上睡觉（2只）',
  'ﬁve Ｃａｆé crêpes — naïve',
  `${'a photograph of three people who ride bicycles through the rain at night '.repeat(8)}`,
  '下雨的夜晚三个人骑着自行车穿过城市，'.repeat(12),
]

/** Sky, hills and a field of stalks: noise in four octaves, gratings near the sampling limit, grain in every pixel. */
async function photograph(width: number, height: number): Promise<Buffer> {
  const next = random(960720)
  const octaves = [4, 16, 64, 256].map((cell) => valueNoise(next, width, height, cell))
  const rgb = new Uint8ClampedArray(width * height * 3)
  for (let y = 0, at = 0; y < height; y++) {
    const ground = y / height > 0.45 + 0.1 * Math.sin(y * 0.01) ? 1 : 0
    for (let x = 0; x < width; x++) {
      const i = y * width + x
      const cloud = 0.5 * octaves[3]![i]! + 0.3 * octaves[2]![i]! + 0.15 * octaves[1]![i]! + 0.1 * octaves[0]![i]!
      const stalks = ground * Math.sin(x * (2.1 + 0.4 * octaves[2]![i]!) + 3 * octaves[1]![i]!) * Math.sin(y * 0.9 + x * 0.05)
      const disc = Math.hypot(x - 0.68 * width, y - 0.4 * height) < 0.2 * height ? 1 : 0
      const weave = disc * Math.sign(Math.sin(x * 1.3) * Math.sin(y * 1.7))
      const grain = 9 * normal(next)
      rgb[at++] = 150 - 40 * ground + 70 * cloud + 45 * stalks + 60 * disc + 40 * weave + grain
      rgb[at++] = 165 - 15 * ground + 60 * cloud + 55 * stalks - 50 * disc + 30 * weave + grain
      rgb[at++] = 200 - 120 * ground + 40 * cloud + 25 * stalks - 60 * disc + 20 * weave + grain
    }
  }
  return sharp(rgb, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 92 })
    .toBuffer()
}

/** Random values on a grid of `cell` pixels with smooth ones between, in −1 … 1. */
function valueNoise(next: () => number, width: number, height: number, cell: number): Float32Array {
  const across = Math.ceil(width / cell) + 2
  const grid = Float32Array.from({ length: across * (Math.ceil(height / cell) + 2) }, () => 2 * next() - 1)
  const ease = (t: number) => t * t * (3 - 2 * t)
  return Float32Array.from({ length: width * height }, (_, i) => {
    const [x, y] = [(i % width) / cell, Math.floor(i / width) / cell]
    const [column, row] = [Math.floor(x), Math.floor(y)]
    const at = row * across + column
    const [u, v] = [ease(x - column), ease(y - row)]
    const upper = grid[at]! * (1 - u) + grid[at + 1]! * u
    const lower = grid[at + across]! * (1 - u) + grid[at + across + 1]! * u
    return upper * (1 - v) + lower * v
  })
}

/** A teapot-like thing with thin lines, hatching, soft edges and writing. */
function drawing(ground: string): string {
  const hatching = Array.from({ length: 40 }, (_, i) => `<path d="M${150 + i * 5} 250l-30 90" stroke="#23364d" stroke-width="1.2"/>`).join('')
  return `<svg xmlns="http://www.w3.org/2000/svg" width="512" height="512" viewBox="0 0 512 512">${ground}
<defs><radialGradient id="g"><stop offset="0" stop-color="#ffd36b"/><stop offset="1" stop-color="#d9572b"/></radialGradient>
<filter id="s"><feGaussianBlur stdDeviation="9"/></filter></defs>
<ellipse cx="262" cy="420" rx="150" ry="22" fill="#000" opacity="0.35" filter="url(#s)"/>
<circle cx="256" cy="270" r="150" fill="url(#g)" stroke="#23364d" stroke-width="6"/>${hatching}
<path d="M395 220q90 10 60 110t-90 40" fill="none" stroke="#23364d" stroke-width="16"/>
<path d="M190 140l66-70 66 70z" fill="#3fa37c" stroke="#23364d" stroke-width="2" opacity="0.8"/>
<circle cx="205" cy="235" r="14" fill="#fff"/><circle cx="305" cy="235" r="14" fill="#23364d"/>
<path d="M200 320q56 50 112 0" fill="none" stroke="#7a1d10" stroke-width="7" stroke-linecap="round"/></svg>`
}
