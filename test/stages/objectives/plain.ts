/** The objectives once more, as METHODS' formulas over float64 arrays: an independent word on values and slopes. */
export type Matrix = number[][]

/** What the losses depend on; u, w and the anchors are raw, not yet of unit length. */
export interface Batch {
  u: Matrix // images
  w: Matrix // texts
  scale: number
  positives: Matrix
  a: Matrix // teacher's images
  b: Matrix // teacher's texts
  teacherScale: number
  anchors: Matrix
  classes: number[]
}

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
const dot = (x: number[], y: number[]) => x.reduce((sum, value, i) => sum + value * y[i]!, 0)
export const unit = (rows: Matrix): Matrix => rows.map((row) => row.map((value) => value / Math.sqrt(dot(row, row))))
const times = (x: Matrix, y: Matrix, scale: number): Matrix => x.map((row) => y.map((other) => scale * dot(row, other)))
const transpose = (x: Matrix): Matrix => x[0]!.map((_, j) => x.map((row) => row[j]!))

function softmax(row: number[]): number[] {
  const exponentials = row.map(Math.exp)
  const sum = exponentials.reduce((total, value) => total + value, 0)
  return exponentials.map((value) => value / sum)
}

/** Mean over rows of −Σ p·ln softmax(logits), p the positives as a distribution. */
function crossEntropy(logits: Matrix, positives: Matrix): number {
  return mean(logits.map((row, i) => -dot(positives[i]!, softmax(row).map(Math.log)) / positives[i]!.reduce((sum, value) => sum + value, 0)))
}

function divergence(target: Matrix, logits: Matrix): number {
  return mean(
    target.map((row, i) => {
      const p = softmax(row)
      const q = softmax(logits[i]!)
      return p.reduce((sum, value, j) => sum + value * Math.log(value / q[j]!), 0)
    }),
  )
}

/** Mean over rows of Σ cost(x − y). */
function between(x: Matrix, y: Matrix, cost: (difference: number) => number): number {
  return mean(x.map((row, i) => row.reduce((sum, value, j) => sum + cost(value - y[i]![j]!), 0)))
}

export const plain: Record<string, (batch: Batch) => number> = {
  task({ u, w, scale, positives }) {
    const logits = times(unit(u), unit(w), scale)
    return 0.5 * (crossEntropy(logits, positives) + crossEntropy(transpose(logits), transpose(positives)))
  },
  fd: ({ u, w, a, b }) => between(unit(u), a, (x) => x * x) + between(unit(w), b, (x) => x * x),
  crd({ u, w, scale, a, b, teacherScale }) {
    const student = times(unit(u), unit(w), scale)
    const teacher = times(a, b, teacherScale)
    return 0.5 * (divergence(teacher, student) + divergence(transpose(teacher), transpose(student)))
  },
  'smooth-l1'({ u, w, a, b }) {
    const beta = 1 / Math.sqrt(a[0]!.length)
    const cost = (x: number) => (Math.abs(x) < beta ? (0.5 * x * x) / beta : Math.abs(x) - 0.5 * beta)
    return between(unit(u), a, cost) + between(unit(w), b, cost)
  },
  anchor({ u, w, scale, anchors, classes }) {
    const targets = classes.map((own) => anchors.map((_, i) => (i === own ? 1 : 0)))
    const classify = (x: Matrix) => crossEntropy(times(unit(x), unit(anchors), scale), targets)
    return 0.5 * (classify(u) + classify(w))
  },
}
