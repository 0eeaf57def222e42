import type { Random } from '../base/random.ts'
import { type ColourChange, colourMatrix } from './augment-colour.ts'
import { blurPlane, edges, luminance } from './augment-filters.ts'
import type { Affine, Canvas } from './augment-pixels.ts'
import * as pixels from './augment-pixels.ts'
import { type Rgb, white, writePixelValues } from './pixel-values.ts'

/**
 * `none` draws nothing. `mild` moves the drawing, changes its background and its colours; `strength` (0..1) scales
 * every range. `style` is `mild` at full strength plus changes of drawing style, whose probability `strength` scales:
 * style at 0 equals mild at 1, so a schedule can go none → mild → style without a jump.
 */
export interface Policy {
  name: 'none' | 'mild' | 'style'
  strength: number
}

/**
 * One recorded draw: plain JSON, and all that is needed to make the same pixels again. Lengths are fractions of the
 * image's side. What is absent does not happen; `{}` is the plain image on white.
 */
export interface Augmentation {
  affine?: Affine
  background?: { from: Rgb; to?: Rgb; angle?: number }
  colour?: ColourChange
  /** Levels per channel. */
  posterise?: number
  /** Only edges remain, drawn with `ink`; dark areas stay filled when `fill`. */
  lines?: { ink: Rgb; threshold: number; fill: boolean }
  /** A line along the drawing's silhouette; `inner` 0..1 is how strongly edges inside it are drawn. */
  outline?: { ink: Rgb; width: number; inner: number }
  /** Standard deviation. */
  blur?: number
  cutout?: { x: number; y: number; width: number; height: number; colour: Rgb }
  /** Uniform-sum noise of at most ±`amount` grey levels, from its own seed. */
  noise?: { amount: number; seed: number }
}

/** Draws one augmentation; all randomness comes from `next`. */
export function drawAugmentation(next: Random, policy: Policy): Augmentation {
  if (policy.name === 'none') return {}
  const mild = policy.name === 'mild' ? policy.strength : 1
  const drawn: Augmentation = {
    affine: drawAffine(next, mild),
    background: drawBackground(next, mild),
    colour: drawColour(next, mild),
  }
  return policy.name === 'mild' ? drawn : addStyle(next, policy.strength, drawn)
}

/**
 * Makes the pixels of one recorded augmentation: the same record on the same image gives the same bits, and at another size the same picture, so that
 * a teacher and a student of different sizes see one thing.
 * An opaque image is cropped where a drawing is moved, and shows no background.
 * @param rgba `[size, size, 4]` bytes, not premultiplied
 * @param out receives `[3, size, size]` at `offset`, normalised with CLIP's mean and standard deviation
 */
export function applyAugmentation(rgba: Uint8Array, size: number, a: Augmentation, out: Float32Array, offset = 0): void {
  if (Object.keys(a).length === 0) return writePixelValues(rgba, size, out, offset)
  if (canvas?.size !== size) canvas = pixels.makeCanvas(size)
  const opaque = pixels.load(canvas, rgba)
  if (a.affine) pixels.warp(canvas, a.affine, opaque)
  else pixels.keep(canvas)
  if (a.posterise) pixels.posterise(canvas, a.posterise)
  if (a.colour) pixels.recolour(canvas, colourMatrix(a.colour))
  if (a.lines) applyLines(canvas, a.lines)
  if (a.outline) applyOutline(canvas, a.outline)
  const { from, to = from, angle = 0 } = a.background ?? { from: white }
  applyBackground(canvas, from, to, angle)
  if (a.blur) {
    for (const plane of [canvas.red, canvas.green, canvas.blue]) blurPlane(plane, canvas.spare, size, a.blur * size)
  }
  if (a.cutout) applyCutout(canvas, a.cutout)
  if (a.noise) pixels.addNoise(canvas, a.noise.amount, a.noise.seed)
  pixels.writePlanes(canvas, out, offset)
}

/** One canvas per thread, made anew when the size changes: every plane is overwritten before it is read. */
let canvas: Canvas | undefined

/** Replaces the drawing by its edges: of luminance, of the silhouette, and the dark areas themselves. */
function applyLines(on: Canvas, { ink, threshold, fill }: NonNullable<Augmentation['lines']>): void {
  const { size, red, green, blue, alpha, spare, other, smooth } = on
  luminance(on)
  edges(spare, other, smooth, size, 255, threshold)
  for (let i = 0; i < other.length; i++) {
    const dark = fill ? alpha[i]! * Math.min(1, Math.max(0, (80 - spare[i]!) / 30)) : 0
    if (dark > other[i]!) other[i] = dark
  }
  edges(alpha, spare, smooth, size, 1, 0.1)
  for (let i = 0; i < other.length; i++) if (spare[i]! > other[i]!) other[i] = spare[i]!
  for (const plane of [red, green, blue, alpha]) plane.fill(0)
  pixels.drawOver(on, other, ink)
}

/** Blurred alpha passes one half at the edge: there the line stands, as wide as the blur. */
function applyOutline(on: Canvas, { ink, width, inner }: NonNullable<Augmentation['outline']>): void {
  const { size, alpha, spare, other, smooth } = on
  if (inner > 0) {
    luminance(on)
    edges(spare, other, smooth, size, 255, 0.1)
    for (let i = 0; i < other.length; i++) other[i] = other[i]! * inner
    pixels.drawOver(on, other, ink)
  }
  spare.set(alpha)
  blurPlane(spare, other, size, (width * size) / 2)
  for (let i = 0; i < spare.length; i++) {
    const line = (4 * spare[i]! * (1 - spare[i]!) - 0.35) * 4
    spare[i] = line < 0 ? 0 : line > 1 ? 1 : line
  }
  pixels.drawOver(on, spare, ink)
}

/** Lays the drawing on its background; a background too close to the drawing's mean colour is moved away from it. */
function applyBackground(on: Canvas, from: Rgb, to: Rgb, angle: number): void {
  const mean = meanColour(on)
  if (!mean) return pixels.composite(on, from, to, angle)
  const enough = from === to && Math.min(...from) > 250 ? 12 : 60
  pixels.composite(on, apart(from, mean, enough), apart(to, mean, enough), angle)
}

/** Mean colour of what is drawn; none when nothing is. */
function meanColour({ red, green, blue, alpha }: Canvas): Rgb | undefined {
  let [r, g, b, weight] = [0, 0, 0, 0]
  for (let i = 0; i < alpha.length; i++) {
    r += red[i]!
    g += green[i]!
    b += blue[i]!
    weight += alpha[i]!
  }
  return weight > 0 ? [r / weight, g / weight, b / weight] : undefined
}

function apart(colour: Rgb, mean: Rgb, enough: number): Rgb {
  const [r, g, b] = [colour[0] - mean[0], colour[1] - mean[1], colour[2] - mean[2]]
  if (Math.hypot(r, g, b) >= enough) return colour
  const away = mean[0] + mean[1] + mean[2] > 3 * 127 ? 0 : 255
  return [0.3 * colour[0] + 0.7 * away, 0.3 * colour[1] + 0.7 * away, 0.3 * colour[2] + 0.7 * away]
}

function applyCutout({ size, red, green, blue }: Canvas, { x, y, width, height, colour }: NonNullable<Augmentation['cutout']>): void {
  const left = Math.round(x * size)
  const right = Math.round((x + width) * size)
  const bottom = Math.round((y + height) * size)
  for (let row = Math.round(y * size); row < bottom; row++) {
    red.fill(colour[0], row * size + left, row * size + right)
    green.fill(colour[1], row * size + left, row * size + right)
    blue.fill(colour[2], row * size + left, row * size + right)
  }
}

function drawAffine(next: Random, strength: number): Affine {
  return {
    scale: round(between(next, 1 - 0.3 * strength, 1 + 0.1 * strength)),
    aspect: round(Math.exp(0.15 * strength * around(next))),
    angle: round(0.2 * strength * around(next)),
    shiftX: round(strength * around(next)),
    shiftY: round(strength * around(next)),
  }
}

/** White in at least 45 of 100 draws: it is what evaluation uses. */
function drawBackground(next: Random, strength: number): Augmentation['background'] {
  const kind = next()
  if (kind >= 0.55 * strength) return { from: white }
  if (kind >= 0.4 * strength) return { from: light(next) }
  if (kind >= 0.2 * strength) return { from: anyColour(next) }
  return { from: anyColour(next), to: anyColour(next), angle: round(2 * Math.PI * next()) }
}

function drawColour(next: Random, strength: number): ColourChange {
  return {
    brightness: round(0.12 * strength * around(next)),
    contrast: round(Math.exp(0.3 * strength * around(next))),
    saturation: next() < 0.1 * strength ? 0 : round(Math.exp(0.5 * strength * around(next))),
    hue: round(0.04 * strength * around(next)),
  }
}

function addStyle(next: Random, strength: number, drawn: Augmentation): Augmentation {
  const happens = (probability: number) => next() < probability * strength
  const colour = drawn.colour!
  if (happens(0.1)) colour.hue = round(next())
  if (happens(0.08)) colour.channels = permuted(next)
  if (happens(0.05)) colour.invert = true
  if (happens(0.2)) drawn.posterise = 2 + Math.floor(4 * next())
  const look = next()
  if (look < 0.25 * strength) drawLines(next, drawn)
  else if (look < 0.4 * strength) colour.ramp = drawRamp(next)
  // Sets drawn with a pen have both the silhouette and the inner edges inked.
  if (!drawn.lines && happens(0.4)) {
    drawn.outline = {
      ink: ink(next),
      width: round(between(next, 0.012, 0.036)),
      inner: next() < 0.5 ? 0 : round(between(next, 0.5, 1)),
    }
  }
  if (happens(0.2)) drawn.blur = round(between(next, 0.006, 0.018))
  if (happens(0.2)) drawn.cutout = drawCutout(next)
  if (happens(0.15)) drawn.noise = { amount: round(between(next, 8, 40)), seed: Math.floor(next() * 2 ** 31) + 1 }
  return drawn
}

/** Line art stands on light paper, now and then light on dark. */
function drawLines(next: Random, drawn: Augmentation): void {
  const dark = next() < 0.12
  drawn.background = { from: dark ? ink(next) : next() < 0.6 ? white : light(next) }
  drawn.lines = { ink: dark ? light(next) : ink(next), threshold: round(between(next, 0.05, 0.14)), fill: next() < 0.6 }
}

function drawRamp(next: Random): readonly [Rgb, Rgb] {
  return [ink(next), next() < 0.5 ? light(next) : anyColour(next)]
}

function drawCutout(next: Random): Augmentation['cutout'] {
  const width = round(between(next, 0.1, 0.35))
  const height = round(between(next, 0.1, 0.35))
  return { x: round(next() * (1 - width)), y: round(next() * (1 - height)), width, height, colour: anyColour(next) }
}

function permuted(next: Random): readonly [number, number, number] {
  const first = Math.floor(3 * next())
  const step = 1 + Math.floor(2 * next())
  return [first, (first + step) % 3, (first + 2 * step) % 3]
}

/** Black, or nearly. */
function ink(next: Random): Rgb {
  const level = next() < 0.6 ? 0 : 70
  return [Math.floor(level * next()), Math.floor(level * next()), Math.floor(level * next())]
}

function light(next: Random): Rgb {
  return [200 + Math.floor(56 * next()), 200 + Math.floor(56 * next()), 200 + Math.floor(56 * next())]
}

function anyColour(next: Random): Rgb {
  return [Math.floor(256 * next()), Math.floor(256 * next()), Math.floor(256 * next())]
}

function between(next: Random, low: number, high: number): number {
  return low + (high - low) * next()
}

/** Uniform in -1..1. */
function around(next: Random): number {
  return 2 * next() - 1
}

/** Four decimals keep records short; they are what is applied, so nothing is lost on the way through JSON. */
function round(value: number): number {
  return Math.round(value * 1e4) / 1e4
}
