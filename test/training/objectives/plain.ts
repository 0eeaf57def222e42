/** The objectives once more, as the papers' formulas over float64 arrays: an independent word on values and slopes. */
import { defaultObjectiveSettings, type ObjectiveSettings } from '../../../training/objectives/settings.ts'

export type Matrix = number[][]

/** What the losses depend on; u, m, w and the anchors are raw, not yet of unit length. */
export interface Batch {
  u: Matrix // images
  m: Matrix // the same images, masked
  w: Matrix // texts
  scale: number
  positives: Matrix
  a: Matrix // teacher's images
  b: Matrix // teacher's texts
  teacherScale: number
  classes: number[]
  // Parameters of the objectives themselves.
  anchors: Matrix
  temperature: number // ln c of icl, afd and siglip
  bias: number // siglip's
  fuseImage: Matrix // afd's F_v [Et, 2Et]
  fuseText: Matrix
  // Classes in the teacher's space.
  centroids: Matrix
  target: number[]
  confidence: number[]
  settings?: Partial<ObjectiveSettings>
}

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
const dot = (x: number[], y: number[]) => x.reduce((sum, value, i) => sum + value * y[i]!, 0)
export const unit = (rows: Matrix): Matrix => rows.map((row) => row.map((value) => value / Math.sqrt(dot(row, row))))
/** scale · x yᵀ */
const times = (x: Matrix, y: Matrix, scale = 1): Matrix => x.map((row) => y.map((other) => scale * dot(row, other)))
export const transpose = (x: Matrix): Matrix => x[0]!.map((_, j) => x.map((row) => row[j]!))
const toOne = (rows: Matrix): Matrix => rows.map((row) => row.map((value) => value / row.reduce((sum, other) => sum + other, 0)))

function softmax(row: number[]): number[] {
  const exponentials = row.map(Math.exp)
  const sum = exponentials.reduce((total, value) => total + value, 0)
  return exponentials.map((value) => value / sum)
}

/** Mean over rows of −Σ p·ln softmax(logits), p the positives as a distribution. */
export function crossEntropy(logits: Matrix, positives: Matrix): number {
  return mean(logits.map((row, i) => -dot(toOne(positives)[i]!, softmax(row).map(Math.log))))
}

const infoNce = (logits: Matrix, positives: Matrix) => 0.5 * (crossEntropy(logits, positives) + crossEntropy(transpose(logits), transpose(positives)))

function divergence(target: Matrix, logits: Matrix): number {
  return mean(
    target.map((row, i) => {
      const p = softmax(row)
      const q = softmax(logits[i]!)
      return p.reduce((sum, value, j) => sum + value * Math.log(value / q[j]!), 0)
    }),
  )
}

/** KL of the rows of similarities within a batch, at a temperature of 0.07. */
function relations(student: Matrix, teacher: Matrix): number {
  return divergence(times(teacher, teacher, 1 / 0.07), times(student, student, 1 / 0.07))
}

/** Mean over rows of Σ cost(x − y). */
function between(x: Matrix, y: Matrix, cost: (difference: number) => number): number {
  return mean(x.map((row, i) => row.reduce((sum, value, j) => sum + cost(value - y[i]![j]!), 0)))
}

const square = (x: number) => x * x

function huber({ a, settings }: Batch): (x: number) => number {
  const beta = settings?.smoothL1Beta ?? 1 / Math.sqrt(a[0]!.length)
  return (x) => (Math.abs(x) < beta ? (0.5 * x * x) / beta : Math.abs(x) - 0.5 * beta)
}

/** Slopes of Σ CE(s·p kᵀ, labels) at p and k, element by element. */
function slopes(p: Matrix, k: Matrix, scale: number, labels: Matrix): [Matrix, Matrix] {
  const errors = times(p, k, scale).map((row, i) => softmax(row).map((value, j) => scale * (value - labels[i]![j]!)))
  return [times(errors, transpose(k)), times(transpose(errors), transpose(p))]
}

function gradientDistance({ u, w, scale, a, b, teacherScale, positives }: Batch): number {
  const direction = (p: Matrix, k: Matrix, q: Matrix, l: Matrix, labels: Matrix) => {
    const own = slopes(p, k, scale, toOne(labels))
    const wanted = slopes(q, l, teacherScale, toOne(labels))
    return between(own[0], wanted[0], square) + between(own[1], wanted[1], square)
  }
  return direction(unit(u), unit(w), a, b, positives) + direction(unit(w), unit(u), b, a, transpose(positives))
}

export const plain: Record<string, (batch: Batch) => number> = {
  task: ({ u, w, scale, positives }) => infoNce(times(unit(u), unit(w), scale), positives),
  siglip({ u, w, positives, temperature, bias }) {
    const logits = times(unit(u), unit(w), Math.exp(temperature))
    return mean(logits.map((row, i) => row.reduce((sum, value, j) => sum + Math.log(1 + Math.exp(-(2 * positives[i]![j]! - 1) * (value + bias))), 0)))
  },
  fd: ({ u, w, a, b }) => between(unit(u), a, square) + between(unit(w), b, square),
  'fd-image': ({ u, a }) => between(unit(u), a, square),
  'fd-text': ({ w, b }) => between(unit(w), b, square),
  'smooth-l1': (batch) => between(unit(batch.u), batch.a, huber(batch)) + between(unit(batch.w), batch.b, huber(batch)),
  'smooth-l1-image': (batch) => between(unit(batch.u), batch.a, huber(batch)),
  'smooth-l1-text': (batch) => between(unit(batch.w), batch.b, huber(batch)),
  mfd: ({ m, w, a, b }) => between(unit(m), a, square) + between(unit(w), b, square),
  'mfd-image': ({ m, a }) => between(unit(m), a, square),
  crd({ u, w, scale, a, b, teacherScale, positives, settings = {} }) {
    const { crdAlpha: alpha } = { ...defaultObjectiveSettings, ...settings }
    const student = times(unit(u), unit(w), scale)
    const teacher = times(a, b, teacherScale)
    const soft = 0.5 * (divergence(teacher, student) + divergence(transpose(teacher), transpose(student)))
    return (1 - alpha) * soft + alpha * infoNce(student, positives)
  },
  rkd: (batch) => relations(unit(batch.u), batch.a) + relations(unit(batch.w), batch.b),
  'rkd-image': ({ u, a }) => relations(unit(u), a),
  'rkd-text': ({ w, b }) => relations(unit(w), b),
  icl({ u, w, a, b, positives, temperature }) {
    const c = Math.exp(temperature)
    return 0.5 * (crossEntropy(times(unit(u), b, c), positives) + crossEntropy(times(unit(w), a, c), transpose(positives)))
  },
  gd: gradientDistance,
  'class-embed'({ u, centroids, target, confidence, settings = {} }) {
    const { classScale, classConfidence } = { ...defaultObjectiveSettings, ...settings }
    const losses = times(unit(u), centroids, classScale).map((row, i) => -Math.log(softmax(row)[target[i]!]!))
    return classConfidence
      ? dot(losses, confidence) /
          (dot(
            confidence,
            confidence.map(() => 1),
          ) +
            1e-6)
      : mean(losses)
  },
  afd({ u, w, a, b, positives, temperature, fuseImage, fuseText }) {
    const fuse = (x: Matrix, y: Matrix, weight: Matrix) =>
      unit(
        times(
          x.map((row, i) => [...row, ...y[i]!]),
          weight,
        ),
      )
    return infoNce(times(fuse(unit(u), a, fuseImage), fuse(unit(w), b, fuseText), Math.exp(temperature)), positives)
  },
  anchor({ u, w, scale, anchors, classes }) {
    const targets = classes.map((own) => anchors.map((_, i) => (i === own ? 1 : 0)))
    const classify = (x: Matrix) => crossEntropy(times(unit(x), unit(anchors), scale), targets)
    return 0.5 * (classify(u) + classify(w))
  },
}
