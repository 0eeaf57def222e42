import test from 'ava'
import { gradientOf, withGradients } from '../../../engine/gradients.ts'
import type { InputSpecs } from '../../../engine/trace/trace.ts'
import { normalize } from '../../../models/layers.ts'
import { objectives } from '../../../stages/objectives/table.ts'
import { agree, close, eager, gaussian, type Results } from '../../engine/oracle.ts'
import { type Batch, type Matrix, plain, unit } from './plain.ts'

const trained = ['u', 'w', 'scale', 'objective.anchor.weight']

/** The objective as a step has it: embeddings are normalised, gradients go to what is raw. */
function step(name: string, teacherScale: number) {
  return withGradients((params, inputs) => {
    const image = normalize(params.u!)
    const text = normalize(params.w!)
    const teacher = { image: inputs.a!, text: inputs.b!, scale: teacherScale }
    const loss = objectives[name]!.loss({
      image,
      text,
      projectedImage: image,
      projectedText: text,
      scale: params.scale!,
      positives: inputs.positives!,
      classes: inputs.classes!,
      teacher,
      params,
    })
    return { loss }
  }, trained)
}

function inputsOf(batch: Batch) {
  const matrices = { u: batch.u, w: batch.w, a: batch.a, b: batch.b, positives: batch.positives, 'objective.anchor.weight': batch.anchors }
  const specs: InputSpecs = { scale: { dtype: 'float32', shape: [] }, classes: { dtype: 'int32', shape: [batch.classes.length] } }
  for (const [name, rows] of Object.entries(matrices)) specs[name] = { dtype: 'float32', shape: [rows.length, rows[0]!.length] }
  const data = Object.fromEntries(Object.entries(matrices).map(([name, rows]) => [name, Float32Array.from(rows.flat())]))
  return { specs, feeds: { ...data, scale: Float32Array.of(batch.scale), classes: Int32Array.from(batch.classes) } }
}

async function lossOf(name: string, batch: Batch): Promise<number> {
  const { specs, feeds } = inputsOf(batch)
  return (await eager(step(name, batch.teacherScale), specs, feeds)).loss![0]!
}

const matrix = (rows: number, columns: number, seed: number): Matrix => Array.from({ length: rows }, (_, i) => Array.from(gaussian(columns, seed, i)))
const identity: Matrix = [[1, 0], [0, 1]]
const byHand: Batch = { u: identity, w: [[1, 0], [0.6, 0.8]], scale: 2, positives: identity, a: [[0, 1], [0, 1]], b: [[1, 0], [1, 0]], teacherScale: 1, anchors: identity, classes: [0, 1] }
const randomBatch: Batch = {
  u: matrix(4, 5, 1),
  w: matrix(4, 5, 2),
  scale: 3,
  positives: [[1, 0, 1, 0], [0, 1, 0, 0], [1, 0, 1, 0], [0, 0, 0, 1]],
  a: unit(matrix(4, 5, 3)),
  b: unit(matrix(4, 5, 4)),
  teacherScale: 4,
  anchors: matrix(3, 5, 5),
  classes: [0, 2, 0, 1],
}

const soft = (difference: number) => Math.log(1 + Math.exp(-difference)) // CE of a pair of logits that differ by so much
const handWorked: Record<string, [Partial<Batch>, number]> = {
  // Logits [[2, 1.2], [0, 1.6]]: rows lead by 0.8 and 1.6, columns by 2 and 0.4.
  task: [{}, 0.5 * ((soft(0.8) + soft(1.6)) / 2 + (soft(2) + soft(0.4)) / 2)],
  // Images: |[1,0]−[0,1]|² = 2 and 0; texts: 0 and 0.4² + 0.8² = 0.8.
  fd: [{}, 1 + 0.4],
  // Teacher's rows and columns (3/4, 1/4), the student's (1/4, 3/4): KL = 3/4·ln 3 − 1/4·ln 3.
  crd: [{ w: [[0, 1], [1, 0]], scale: Math.log(3), a: identity, b: identity, teacherScale: Math.log(3) }, 0.5 * Math.log(3)],
  // β = 1/√2. Images: two elements of 1, then none; texts: none, then 0.4 (quadratic) and 0.8 (linear).
  'smooth-l1': [{}, (1 - Math.SQRT1_2 / 2) + (0.08 * Math.SQRT2 + 0.8 - Math.SQRT1_2 / 2) / 2],
  // Images lead by 2 twice; texts by 2, and by 1.6 − 1.2.
  anchor: [{ anchors: [[3, 0], [0, 0.5]] }, 0.5 * (soft(2) + (soft(2) + soft(0.4)) / 2)],
}

for (const name of Object.keys(objectives)) {
  test(`${name}: a 2 × 2 batch worked out by hand`, async (t) => {
    const [changes, expected] = handWorked[name]!
    const batch = { ...byHand, ...changes }
    close(t, [await lossOf(name, batch)], [expected], 1e-6, 'tensors')
    close(t, [plain[name]!(batch)], [expected], 1e-9, 'plain formula')
  })

  test(`${name}: values as the plain formula, gradients as its slopes, compiled as eager`, async (t) => {
    const { specs, feeds } = inputsOf(randomBatch)
    const results = await agree(t, step(name, randomBatch.teacherScale), specs, feeds)
    close(t, results.loss!, [plain[name]!(randomBatch)], 1e-5, 'loss')
    compareSlopes(t, name, results)
  })

  test(`${name}: raw lengths do not matter`, async (t) => {
    const longer = { ...randomBatch, u: randomBatch.u.map((row, i) => row.map((value) => value * (i + 2))), w: randomBatch.w.map((row) => row.map((value) => value / 8)) }
    close(t, [await lossOf(name, longer)], [await lossOf(name, randomBatch)], 1e-5, 'loss')
  })

  test(`${name}: the order of the batch does not matter`, async (t) => {
    const order = [2, 0, 3, 1]
    const pick = <T>(rows: T[]): T[] => order.map((i) => rows[i]!)
    const { u, w, a, b, positives, classes } = randomBatch
    const shuffled = { ...randomBatch, u: pick(u), w: pick(w), a: pick(a), b: pick(b), classes: pick(classes), positives: pick(positives).map(pick) }
    close(t, [await lossOf(name, shuffled)], [await lossOf(name, randomBatch)], 1e-5, 'loss')
  })
}

function compareSlopes(t: import('ava').ExecutionContext, name: string, results: Results): void {
  const slope = (change: (by: number) => Partial<Batch>) => {
    const at = (by: number) => plain[name]!({ ...randomBatch, ...change(by) })
    return (at(1e-5) - at(-1e-5)) / 2e-5
  }
  const slopes = (key: 'u' | 'w' | 'anchors') => {
    const rows = randomBatch[key]
    return rows.flatMap((row, i) => row.map((value, j) => slope((by) => ({ [key]: rows.with(i, row.with(j, value + by)) }))))
  }
  const expected: Record<string, number[]> = { u: slopes('u'), w: slopes('w'), scale: [slope((by) => ({ scale: randomBatch.scale + by }))], 'objective.anchor.weight': slopes('anchors') }
  for (const key of trained) {
    const got = results[gradientOf(key)] ?? new Float32Array(expected[key]!.length) // no output: the loss does not reach it
    close(t, got, expected[key]!, 1e-5, gradientOf(key))
  }
}

test('crd is 0 where student and teacher have the same similarities, and positive elsewhere', async (t) => {
  const same = { ...randomBatch, u: randomBatch.a, w: randomBatch.b, scale: randomBatch.teacherScale }
  t.true(Math.abs(await lossOf('crd', same)) < 1e-6)
  t.true((await lossOf('crd', { ...same, scale: 1 })) > 1e-3)
  t.true((await lossOf('crd', randomBatch)) > 1e-3)
})

test('fd and smooth-l1 are 0 at the features of the teacher, whatever their raw length', async (t) => {
  const same = { ...randomBatch, u: randomBatch.a.map((row) => row.map((value) => 7 * value)), w: randomBatch.b }
  for (const name of ['fd', 'smooth-l1']) t.true(Math.abs(await lossOf(name, same)) < 1e-9, name)
})

test('fd is 2 − 2·cosine per feature', async (t) => {
  const { u, w, a, b } = randomBatch
  const cosine = (x: Matrix, y: Matrix) => unit(x).reduce((sum, row, i) => sum + row.reduce((total, value, j) => total + value * y[i]![j]!, 0), 0) / x.length
  close(t, [await lossOf('fd', randomBatch)], [4 - 2 * cosine(u, a) - 2 * cosine(w, b)], 1e-5, 'loss')
})

test('task with several positives: twins share the target, and telling them apart brings nothing', async (t) => {
  const everything = { ...byHand, positives: [[1, 1], [1, 1]] }
  // Rows [2, 1.2] and [0, 1.6] against ½, ½: log-sum-exp minus the mean; columns [2, 0] and [1.2, 1.6].
  const half = (a: number, b: number) => Math.log(Math.exp(a) + Math.exp(b)) - (a + b) / 2
  close(t, [await lossOf('task', everything)], [0.25 * (half(2, 1.2) + half(0, 1.6) + half(2, 0) + half(1.2, 1.6))], 1e-6, 'all positive')
  const twins = { ...byHand, u: [[1, 0], [1, 0]], w: [[1, 0], [1, 0]], positives: [[1, 1], [1, 1]] }
  const { specs, feeds } = inputsOf(twins)
  const results = await eager(step('task', 1), specs, feeds)
  close(t, results.loss!, [Math.log(2)], 1e-6, 'least possible loss')
  close(t, results[gradientOf('u')]!, [0, 0, 0, 0], 1e-6, 'no pull')
})

test('task does not lose its footing at the largest temperature', async (t) => {
  const sure = { ...byHand, w: identity, scale: 100 }
  close(t, [await lossOf('task', sure)], [0], 1e-6, 'all right')
  close(t, [await lossOf('task', { ...sure, w: [[0, 1], [1, 0]] })], [100], 1e-6, 'all wrong')
  // One row of logits far below the others': its softmax must be its own, not shifted by the others' largest.
  const uneven = { ...byHand, u: [[1, 0], [-1, 0]], w: [[1, 0], [1, 0.01]], scale: 100, positives: identity }
  close(t, [await lossOf('task', uneven)], [plain.task!(uneven)], 1e-4, 'eager')
  const { specs, feeds } = inputsOf(uneven)
  close(t, (await agree(t, step('task', 1), specs, feeds)).loss!, [plain.task!(uneven)], 1e-4, 'both')
})

test('every objective says what it needs', (t) => {
  t.deepEqual(Object.fromEntries(Object.values(objectives).map(({ name, needs }) => [name, needs])), { task: [], fd: ['teacher'], crd: ['teacher'], 'smooth-l1': ['teacher'], anchor: ['classes'] })
})
