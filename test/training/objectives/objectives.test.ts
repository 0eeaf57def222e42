import test, { type ExecutionContext } from 'ava'
import { gradientOf } from '../../../engine/gradients.ts'
import type { ObjectiveSettings } from '../../../training/objectives/settings.ts'
import { objectives } from '../../../training/objectives/table.ts'
import { agree, close, type Results } from '../../engine/oracle.ts'
import { byHand, identity, inputsOf, lossOf, randomBatch, step, trained, type Variable } from './harness.ts'
import { type Batch, plain } from './plain.ts'

const soft = (difference: number) => Math.log(1 + Math.exp(-difference)) // CE of a pair of logits that differ by so much

/** KL of (½, ½) and a pair of logits that differ by so much. */
const fromHalves = (difference: number) => (soft(difference) + soft(-difference)) / 2 - Math.LN2

/** Changes to `byHand` and what comes out. */
const handWorked: Record<string, [Partial<Batch>, number]> = {
  // Logits [[2, 1.2], [0, 1.6]]: rows lead by 0.8 and 1.6, columns by 2 and 0.4.
  task: [{}, 0.5 * ((soft(0.8) + soft(1.6)) / 2 + (soft(2) + soft(0.4)) / 2)],
  // Logits [[1, 0.2], [−1, 0.6]]: the diagonal shall be positive, the rest negative.
  siglip: [{}, (soft(1) + soft(-0.2) + soft(1) + soft(0.6)) / 2],
  // Images: |[1,0]−[0,1]|² = 2 and 0; texts: 0 and 0.4² + 0.8² = 0.8.
  fd: [{}, 1 + 0.4],
  'fd-image': [{}, 1],
  'fd-text': [{}, 0.4],
  // β = 1/√2. Images: two elements of 1, then none; texts: none, then 0.4 (quadratic) and 0.8 (linear).
  'smooth-l1': [{}, 1 - Math.SQRT1_2 / 2 + (0.08 * Math.SQRT2 + 0.8 - Math.SQRT1_2 / 2) / 2],
  'smooth-l1-image': [{}, 1 - Math.SQRT1_2 / 2],
  // β = 0.5: 0.4²/2/0.5 = 0.16, 0.8 − 0.25 = 0.55.
  'smooth-l1-text': [{ settings: { smoothL1Beta: 0.5 } }, (0.16 + 0.55) / 2],
  // Masked images [0,1] and [1,0] against [0,1] twice: 0 and 2.
  mfd: [{}, 1 + 0.4],
  'mfd-image': [{}, 1],
  // Teacher's rows and columns (3/4, 1/4), the student's (1/4, 3/4): KL = 3/4·ln 3 − 1/4·ln 3.
  crd: [
    {
      w: [
        [0, 1],
        [1, 0],
      ],
      scale: Math.log(3),
      a: identity,
      b: identity,
      teacherScale: Math.log(3),
    },
    0.5 * Math.log(3),
  ],
  // The teacher's images are all alike, and so are its texts. The student's own similarity leads by 1 (images) and by 0.4 (texts).
  rkd: [{}, fromHalves(1 / 0.07) + fromHalves(0.4 / 0.07)],
  'rkd-image': [{}, fromHalves(1 / 0.07)],
  'rkd-text': [{}, fromHalves(0.4 / 0.07)],
  // Images against the teacher's texts lead by 2 twice; texts against its images by 2, and by 1.6 − 1.2.
  icl: [{ a: identity, b: identity }, 0.5 * (soft(2) + (soft(2) + soft(0.4)) / 2)],
  // q = (3/4, 1/4) for the student, (1/4, 3/4) for the teacher. Images → texts: ∂p differs by ln 3·(1, −1), ∂k by ln 3·(½, −½);
  // texts → images the other way round: (2 + ½ + ½ + 2)·ln²3.
  gd: [
    {
      w: identity,
      scale: Math.log(3),
      a: identity,
      b: [
        [0, 1],
        [1, 0],
      ],
      teacherScale: Math.log(3),
    },
    5 * Math.log(3) ** 2,
  ],
  // h_v = n([1,0]+[0,1]) and n([0,2]), h_t = ŵ: logits [[√2, 1.4√2], [0, 1.6]].
  afd: [{}, 0.25 * (soft(-0.4 * Math.SQRT2) + soft(1.6) + soft(Math.SQRT2) + soft(1.6 - 1.4 * Math.SQRT2))],
  // Cosines [1, 0, 0.6] and [0, 1, 0.8]; the images' own centroids are the first and the last.
  'class-embed': [{}, (Math.log(Math.E + 1 + Math.exp(0.6)) - 1 + Math.log(1 + Math.E + Math.exp(0.8)) - 0.8) / 2],
  // Images lead by 2 twice; texts by 2, and by 1.6 − 1.2.
  anchor: [
    {
      anchors: [
        [3, 0],
        [0, 0.5],
      ],
    },
    0.5 * (soft(2) + (soft(2) + soft(0.4)) / 2),
  ],
}

/** Settings besides the defaults under which an objective is checked. */
const variants: Record<string, Partial<ObjectiveSettings>> = {
  crd: { crdAlpha: 0.3 },
  'smooth-l1': { smoothL1Beta: 0.1 },
  'class-embed': { classConfidence: true, classScale: 5 },
}

// What compares inner layers has other inputs: inner.test.ts.
const names = Object.values(objectives).flatMap(({ name, space }) => (space === 'inner' ? [] : [name]))

for (const name of names) {
  test(`${name}: a 2 × 2 batch worked out by hand`, async (t) => {
    const [changes, expected] = handWorked[name]!
    const batch = { ...byHand, ...changes }
    close(t, [await lossOf(name, batch)], [expected], 1e-6, 'tensors')
    close(t, [plain[name]!(batch)], [expected], 1e-9, 'plain formula')
  })

  for (const settings of [{}, variants[name] ?? []].flat()) {
    test(`${name} ${JSON.stringify(settings)}: values as the plain formula, gradients as its slopes, compiled as eager`, async (t) => {
      const batch = { ...randomBatch, settings }
      const { specs, feeds } = inputsOf(batch)
      const results = await agree(t, step(name, batch), specs, feeds)
      close(t, results.loss!, [plain[name]!(batch)], 1e-5, 'loss')
      compareSlopes(t, name, batch, results)
    })
  }

  test(`${name}: raw lengths do not matter`, async (t) => {
    const longer = {
      ...randomBatch,
      u: randomBatch.u.map((row, i) => row.map((value) => value * (i + 2))),
      m: randomBatch.m.map((row) => row.map((value) => value * 5)),
      w: randomBatch.w.map((row) => row.map((value) => value / 8)),
    }
    close(t, [await lossOf(name, longer)], [await lossOf(name, randomBatch)], 1e-5, 'loss')
  })

  test(`${name}: the order of the batch does not matter`, async (t) => {
    const order = [2, 0, 3, 1]
    const pick = <T>(rows: T[]): T[] => order.map((i) => rows[i]!)
    const { u, m, w, a, b, positives, classes, target, confidence } = randomBatch
    const labels = { classes: pick(classes), target: pick(target), confidence: pick(confidence), positives: pick(positives).map(pick) }
    const shuffled = { ...randomBatch, ...labels, u: pick(u), m: pick(m), w: pick(w), a: pick(a), b: pick(b) }
    close(t, [await lossOf(name, shuffled)], [await lossOf(name, randomBatch)], 1e-5, 'loss')
  })
}

/** Every gradient beside the plain formula's central differences. */
function compareSlopes(t: ExecutionContext, name: string, batch: Batch, results: Results): void {
  const slope = (change: (by: number) => Partial<Batch>) => {
    const at = (by: number) => plain[name]!({ ...batch, ...change(by) })
    return (at(1e-5) - at(-1e-5)) / 2e-5
  }
  const slopes = (key: Variable): number[] => {
    const value = batch[key]
    if (typeof value === 'number') return [slope((by) => ({ [key]: value + by }))]
    return value.flatMap((row, i) => row.map((number, j) => slope((by) => ({ [key]: value.with(i, row.with(j, number + by)) }))))
  }
  for (const key of trained) {
    const expected = slopes(key)
    const got = results[gradientOf(key)] ?? new Float32Array(expected.length) // no output: the loss does not reach it
    close(t, got, expected, 1e-5, gradientOf(key))
  }
}
