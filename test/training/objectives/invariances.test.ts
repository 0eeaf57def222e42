import test from 'ava'
import { gradientOf, withGradients } from '../../../engine/gradients.ts'
import { tf } from '../../../engine/tf.ts'
import { clipGradients } from '../../../training/objectives/gd.ts'
import { objectives } from '../../../training/objectives/table.ts'
import { agree, close, eager } from '../../engine/oracle.ts'
import { byHand, identity, inputsOf, lossOf, randomBatch, step } from './harness.ts'
import { type Matrix, plain, unit } from './plain.ts'

/** A student that is its teacher. */
const same = {
  ...randomBatch,
  u: randomBatch.a.map((row) => row.map((value) => 7 * value)),
  m: randomBatch.a,
  w: randomBatch.b,
  scale: randomBatch.teacherScale,
}

test('crd and gd are 0 where student and teacher have the same similarities, and positive elsewhere', async (t) => {
  for (const name of ['crd', 'gd']) {
    t.true(Math.abs(await lossOf(name, same)) < 1e-6, name)
    t.true((await lossOf(name, { ...same, scale: 1 })) > 1e-3, name)
    t.true((await lossOf(name, randomBatch)) > 1e-3, name)
  }
})

test('fd, smooth-l1 and mfd are 0 at the features of the teacher, whatever their raw length', async (t) => {
  for (const name of ['fd', 'fd-image', 'fd-text', 'smooth-l1', 'mfd']) t.true(Math.abs(await lossOf(name, same)) < 1e-9, name)
})

test('rkd is 0 for the teacher turned as a whole, which fd is not', async (t) => {
  const turned = (rows: Matrix) => rows.map((row) => [...row.slice(1), row[0]!])
  const batch = { ...same, u: turned(same.u), w: turned(same.w) }
  for (const name of ['rkd', 'rkd-image', 'rkd-text']) {
    t.true(Math.abs(await lossOf(name, batch)) < 1e-6, name)
    t.true((await lossOf(name, randomBatch)) > 1e-3, name)
  }
  t.true((await lossOf('fd', batch)) > 1e-3)
})

test('fd is 2 − 2·cosine per feature', async (t) => {
  const { u, w, a, b } = randomBatch
  const cosine = (x: Matrix, y: Matrix) =>
    unit(x).reduce((sum, row, i) => sum + row.reduce((total, value, j) => total + value * y[i]![j]!, 0), 0) / x.length
  close(t, [await lossOf('fd', randomBatch)], [4 - 2 * cosine(u, a) - 2 * cosine(w, b)], 1e-5, 'loss')
})

test('a loss over both towers is the sum of its parts', async (t) => {
  for (const name of ['fd', 'rkd', 'smooth-l1']) {
    const parts = (await lossOf(`${name}-image`, randomBatch)) + (await lossOf(`${name}-text`, randomBatch))
    close(t, [await lossOf(name, randomBatch)], [parts], 1e-6, name)
  }
})

test('smooth-l1 with β = 1 is half of fd while no element differs by more', async (t) => {
  const near = {
    ...randomBatch,
    u: same.u.map((row, i) => row.map((value, j) => value + 0.1 * randomBatch.u[i]![j]!)),
    w: same.w,
    settings: { smoothL1Beta: 1 },
  }
  close(t, [await lossOf('smooth-l1', near)], [(await lossOf('fd', near)) / 2], 1e-6, 'loss')
})

test('mfd is fd where nothing is masked', async (t) => {
  close(t, [await lossOf('mfd', { ...randomBatch, m: randomBatch.u })], [await lossOf('fd', randomBatch)], 1e-6, 'loss')
})

test('crd with α = 1 is task; between, it lies between', async (t) => {
  const at = (crdAlpha: number) => lossOf('crd', { ...randomBatch, settings: { crdAlpha } })
  const task = await lossOf('task', randomBatch)
  close(t, [await at(1)], [task], 1e-6, 'α = 1')
  close(t, [await at(0.25)], [0.75 * (await at(0)) + 0.25 * task], 1e-5, 'α = 0.25')
})

test('icl is task where the teacher stands on both other sides', async (t) => {
  const twin = { ...same, scale: Math.exp(same.temperature) }
  close(t, [await lossOf('icl', twin)], [await lossOf('task', twin)], 1e-5, 'loss')
})

test('afd is task where fusion takes the student alone', async (t) => {
  const left: Matrix = Array.from({ length: 5 }, (_, i) => Array.from({ length: 10 }, (_, j) => (i === j ? 1 : 0)))
  const batch = { ...randomBatch, fuseImage: left, fuseText: left, scale: Math.exp(randomBatch.temperature) }
  close(t, [await lossOf('afd', batch)], [await lossOf('task', batch)], 1e-5, 'loss')
})

test("gd's closed form is what autodiff finds", async (t) => {
  const { u: p, w: k, positives } = randomBatch
  const labels = positives.map((row) => row.map((value) => value / row.reduce((sum, other) => sum + other, 0)))
  const matrices = { p, k, labels }
  const specs = Object.fromEntries(
    Object.entries(matrices).map(([name, rows]) => [name, { dtype: 'float32' as const, shape: [rows.length, rows[0]!.length] }]),
  )
  const feeds = Object.fromEntries(Object.entries(matrices).map(([name, rows]) => [name, Float32Array.from(rows.flat())]))
  const loss = withGradients(
    ({ p, k, labels }) => {
      const logits = tf.mul(tf.matMul(p!, k!, false, true), 3)
      return { loss: tf.neg(tf.sum(tf.mul(labels!, tf.logSoftmax(logits as tf.Tensor2D)))) }
    },
    ['p', 'k'],
  )
  const wanted = await eager(loss, specs, feeds)
  const got = await eager(({ p, k, labels }) => ({ ...clipGradients(p!, k!, tf.scalar(3), labels!) }), specs, feeds)
  for (const name of ['p', 'k']) close(t, got[name]!, wanted[gradientOf(name)]!, 1e-5, name)
})

test('class-embed: confidence that is the same for all changes nothing; images without any do not count', async (t) => {
  const at = (confidence: number[], classConfidence = true) => lossOf('class-embed', { ...randomBatch, confidence, settings: { classConfidence } })
  close(t, [await at([0.4, 0.4, 0.4, 0.4])], [await at([1, 1, 1, 1], false)], 1e-5, 'the same')
  const first = { ...randomBatch, u: randomBatch.u.slice(0, 1), target: [0], confidence: [1] }
  close(t, [await at([1, 0, 0, 0])], [await lossOf('class-embed', first)], 1e-5, 'the first alone')
})

test('siglip: all pairs wrong cost their margins; perfect and sure pairs cost nothing', async (t) => {
  const sure = { ...byHand, w: identity, temperature: Math.log(40), bias: -20 }
  close(t, [await lossOf('siglip', sure)], [0], 1e-6, 'right')
  close(
    t,
    [
      await lossOf('siglip', {
        ...sure,
        w: [
          [0, 1],
          [1, 0],
        ],
      }),
    ],
    [40],
    1e-6,
    'wrong',
  ) // ±20 four times over two rows
})

test('task with several positives: twins share the target, and telling them apart brings nothing', async (t) => {
  const everything = {
    ...byHand,
    positives: [
      [1, 1],
      [1, 1],
    ],
  }
  // Rows [2, 1.2] and [0, 1.6] against ½, ½: log-sum-exp minus the mean; columns [2, 0] and [1.2, 1.6].
  const half = (a: number, b: number) => Math.log(Math.exp(a) + Math.exp(b)) - (a + b) / 2
  close(t, [await lossOf('task', everything)], [0.25 * (half(2, 1.2) + half(0, 1.6) + half(2, 0) + half(1.2, 1.6))], 1e-6, 'all positive')
  const twins = {
    ...byHand,
    u: [
      [1, 0],
      [1, 0],
    ],
    w: [
      [1, 0],
      [1, 0],
    ],
    positives: [
      [1, 1],
      [1, 1],
    ],
  }
  const { specs, feeds } = inputsOf(twins)
  const results = await eager(step('task', twins), specs, feeds)
  close(t, results.loss!, [Math.log(2)], 1e-6, 'least possible loss')
  close(t, results[gradientOf('u')]!, [0, 0, 0, 0], 1e-6, 'no pull')
})

test('task does not lose its footing at the largest temperature', async (t) => {
  const sure = { ...byHand, w: identity, scale: 100 }
  close(t, [await lossOf('task', sure)], [0], 1e-6, 'all right')
  close(
    t,
    [
      await lossOf('task', {
        ...sure,
        w: [
          [0, 1],
          [1, 0],
        ],
      }),
    ],
    [100],
    1e-6,
    'all wrong',
  )
  // One row of logits far below the others': its softmax must be its own, not shifted by the others' largest.
  const uneven = {
    ...byHand,
    u: [
      [1, 0],
      [-1, 0],
    ],
    w: [
      [1, 0],
      [1, 0.01],
    ],
    scale: 100,
    positives: identity,
  }
  close(t, [await lossOf('task', uneven)], [plain.task!(uneven)], 1e-4, 'eager')
  const { specs, feeds } = inputsOf(uneven)
  close(t, (await agree(t, step('task', uneven), specs, feeds)).loss!, [plain.task!(uneven)], 1e-4, 'both')
})

test('every objective says what it needs and which space it teaches', (t) => {
  const said = Object.fromEntries(Object.values(objectives).map(({ name, needs, space }) => [name, [space, ...needs].join(' ')]))
  const [both, images, texts] = ['teacher images teacher texts', 'teacher images teacher', 'teacher texts teacher']
  t.deepEqual(said, {
    task: 'student images texts pairs',
    siglip: 'student images texts pairs',
    fd: both,
    'fd-image': images,
    'fd-text': texts,
    rkd: both,
    'rkd-image': images,
    'rkd-text': texts,
    'smooth-l1': both,
    'smooth-l1-image': images,
    'smooth-l1-text': texts,
    mfd: 'teacher images teacher masked-image texts',
    'mfd-image': 'teacher images teacher masked-image',
    crd: 'student images texts teacher',
    icl: 'teacher images texts teacher',
    gd: 'teacher images texts pairs teacher',
    afd: 'teacher images texts pairs teacher one-teacher',
    'class-embed': 'teacher images teacher centroids',
    gates: 'inner images gates-image texts gates-text',
    'gates-image': 'inner images gates-image',
    'gates-text': 'inner texts gates-text',
    hidden: 'inner images hidden-image texts hidden-text',
    'hidden-image': 'inner images hidden-image',
    'hidden-text': 'inner texts hidden-text',
    attention: 'inner images attention-image texts attention-text',
    'attention-image': 'inner images attention-image',
    'attention-text': 'inner texts attention-text',
    anchor: 'student images texts pairs classes',
  })
})
