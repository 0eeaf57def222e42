import test from 'ava'
import { gradientOf, withGradients } from '../../../engine/gradients.ts'
import { tf } from '../../../engine/tf.ts'
import type { InputSpecs } from '../../../engine/trace/trace.ts'
import type { ObjectiveContext } from '../../../training/objectives/objective.ts'
import { objectiveParams, objectives } from '../../../training/objectives/table.ts'
import { agree, close, eager, gaussian, type Results } from '../../engine/oracle.ts'

type Cube = number[][][]

/** One tower's last layers; scores are what attention is the softmax of. */
interface Layers {
  hidden: Cube // [B, T, D]
  scores: Cube[] // [B, H, T, T]
  projection: number[][] // [Dt, D]
  teacherHidden: Cube // [B, T, Dt]
  teacherScores: Cube[] // [B, Ht, T, T]
  attended: number[][] // [B, T]
}

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
const dot = (x: number[], y: number[]) => x.reduce((sum, value, i) => sum + value * y[i]!, 0)
const cosine = (x: number[], y: number[]) => dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y))
const softmax = (row: number[]) => row.map((value) => Math.exp(value) / row.reduce((sum, other) => sum + Math.exp(other), 0))

const plain: Record<'hidden' | 'attention', (layers: Layers) => number> = {
  hidden({ hidden, projection, teacherHidden, attended }) {
    const cosines = hidden.flatMap((tokens, b) =>
      tokens.flatMap((h, i) =>
        attended[b]![i]
          ? [
              cosine(
                projection.map((row) => dot(row, h)),
                teacherHidden[b]![i]!,
              ),
            ]
          : [],
      ),
    )
    return 1 - mean(cosines)
  },
  attention({ scores, teacherScores, attended }) {
    const same = scores[0]!.length === teacherScores[0]!.length
    const maps = (all: Cube[]) =>
      all.map((heads) => {
        const weights = heads.map((rows) => rows.map(softmax))
        return same ? weights : [weights[0]!.map((row, i) => row.map((_, j) => mean(weights.map((head) => head[i]![j]!))))]
      })
    const [own, wanted] = [maps(scores), maps(teacherScores)]
    const rows = attended.flatMap((tokens, b) =>
      tokens.flatMap((counts, i) =>
        counts ? [mean(wanted[b]!.map((head, h) => head[i]!.reduce((sum, p, j) => sum + p * Math.log(p / own[b]![h]![i]![j]!), 0)))] : [],
      ),
    )
    return mean(rows)
  },
}

/** The text variant knows of padding. */
function step(name: string, tower: 'image' | 'text' = 'text') {
  return withGradients(
    (params, inputs) => {
      const inner = {
        layers: { hidden: params.hidden!, attention: tf.softmax(params.scores!) },
        ...(tower === 'text' && { attended: inputs.attended! }),
      }
      const own = { [`objective.${name}.${tower}.weight`]: params.projection! }
      const teacher = { [`teacher_${tower}_hidden`]: inputs.teacherHidden!, [`teacher_${tower}_attention`]: tf.softmax(inputs.teacherScores!) }
      const context = { inner: { [tower]: inner }, inputs: teacher, params: own } as unknown as ObjectiveContext
      return { loss: objectives[name]!.loss(context) }
    },
    ['hidden', 'scores', 'projection'],
  )
}

function inputsOf(layers: Layers) {
  const shape = (x: unknown): number[] => (Array.isArray(x) ? [x.length, ...shape(x[0])] : [])
  const entries = Object.entries(layers) as [string, number[][]][]
  const specs: InputSpecs = Object.fromEntries(entries.map(([name, value]) => [name, { dtype: 'float32' as const, shape: shape(value) }]))
  return { specs, feeds: Object.fromEntries(entries.map(([name, value]) => [name, Float32Array.from(value.flat(3) as number[])])) }
}

async function lossOf(name: string, layers: Layers): Promise<number> {
  const { specs, feeds } = inputsOf(layers)
  return (await eager(step(name, name.endsWith('-image') ? 'image' : 'text'), specs, feeds)).loss![0]!
}

const log = (rows: number[][]) => rows.map((row) => row.map((value) => Math.log(value)))
const byHand: Layers = {
  hidden: [
    [
      [1, 0],
      [0, 2],
    ],
  ],
  projection: [
    [1, 0],
    [0, 1],
  ],
  teacherHidden: [
    [
      [0, 3],
      [0, 1],
    ],
  ],
  scores: [
    [
      log([
        [0.25, 0.75],
        [0.5, 0.5],
      ]),
    ],
  ],
  teacherScores: [
    [
      log([
        [0.75, 0.25],
        [0.5, 0.5],
      ]),
    ],
  ],
  attended: [[1, 1]],
}
const cube = (a: number, b: number, c: number, seed: number): Cube =>
  Array.from({ length: a }, (_, i) => Array.from({ length: b }, (_, j) => Array.from(gaussian(c, seed, i, j))))
const random: Layers = {
  hidden: cube(2, 3, 4, 1),
  projection: cube(1, 5, 4, 2)[0]!,
  teacherHidden: cube(2, 3, 5, 3),
  scores: [cube(2, 3, 3, 4), cube(2, 3, 3, 5)],
  teacherScores: [cube(2, 3, 3, 6), cube(2, 3, 3, 7)],
  attended: [
    [1, 1, 1],
    [1, 1, 0],
  ],
}
const cases: Record<string, Layers> = { 'as many heads': random, 'more heads': { ...random, teacherScores: [cube(3, 3, 3, 8), cube(3, 3, 3, 9)] } }

test('hidden: worked out by hand', async (t) => {
  close(t, [await lossOf('hidden-text', byHand)], [0.5], 1e-6, 'cosines 0 and 1')
  close(t, [await lossOf('hidden-text', { ...byHand, attended: [[1, 0]] })], [1], 1e-6, 'the second is padding')
  close(t, [plain.hidden(byHand)], [0.5], 1e-9, 'plain formula')
})

test('attention: worked out by hand', async (t) => {
  const first = 0.5 * Math.log(3) // KL((3/4, 1/4) ‖ (1/4, 3/4)); the second row is equal
  close(t, [await lossOf('attention-text', byHand)], [first / 2], 1e-6, 'two rows')
  close(t, [await lossOf('attention-text', { ...byHand, attended: [[1, 0]] })], [first], 1e-6, 'the second is padding')
  close(t, [plain.attention(byHand)], [first / 2], 1e-9, 'plain formula')
  // Two heads that average to (3/4, 1/4) and (1/2, 1/2).
  const heads = [
    log([
      [0.9, 0.1],
      [0.2, 0.8],
    ]),
    log([
      [0.6, 0.4],
      [0.8, 0.2],
    ]),
  ]
  close(t, [await lossOf('attention-text', { ...byHand, teacherScores: [heads] })], [first / 2], 1e-6, 'heads are averaged')
})

for (const kind of ['hidden', 'attention'] as const) {
  for (const [title, layers] of Object.entries(cases)) {
    test(`${kind}, ${title}: values as the plain formula, gradients as its slopes, compiled as eager`, async (t) => {
      const { specs, feeds } = inputsOf(layers)
      const results: Results = await agree(t, step(`${kind}-text`), specs, feeds)
      close(t, results.loss!, [plain[kind](layers)], 1e-5, 'loss')
      for (const key of ['hidden', 'scores', 'projection'] as const) {
        const flat = (layers[key] as unknown as number[][]).flat(3) as number[]
        const expected = flat.map((_, at) => {
          const moved = (by: number) => {
            let i = 0
            const visit = (x: unknown): unknown => (Array.isArray(x) ? x.map(visit) : (x as number) + (i++ === at ? by : 0))
            return plain[kind]({ ...layers, [key]: visit(layers[key]) })
          }
          return (moved(1e-5) - moved(-1e-5)) / 2e-5
        })
        close(t, results[gradientOf(key)] ?? new Float32Array(flat.length), expected, 1e-5, key)
      }
    })
  }
}

test('images have no padding: all their tokens count', async (t) => {
  const padded = { ...byHand, attended: [[1, 0]] }
  close(t, [await lossOf('hidden-image', padded)], [0.5], 1e-6, 'hidden')
  close(t, [await lossOf('attention-image', padded)], [0.25 * Math.log(3)], 1e-6, 'attention')
  for (const kind of ['hidden', 'attention'] as const) {
    const { specs, feeds } = inputsOf({ ...random, attended: [[0], [0]] })
    const whole = {
      ...random,
      attended: [
        [1, 1, 1],
        [1, 1, 1],
      ],
    }
    const results = await agree(t, step(`${kind}-image`, 'image'), specs, feeds)
    close(t, results.loss!, [plain[kind](whole)], 1e-5, kind)
  }
})

test('hidden does not see lengths; attention is 0 between equal maps', async (t) => {
  const longer = { ...random, hidden: random.hidden.map((rows) => rows.map((row) => row.map((value) => 9 * value))) }
  close(t, [await lossOf('hidden-text', longer)], [await lossOf('hidden-text', random)], 1e-5, 'hidden')
  close(t, [await lossOf('attention-text', { ...random, teacherScores: random.scores })], [0], 1e-6, 'attention')
})

test('attention: what both must not see costs nothing', async (t) => {
  const causal = (heads: Cube): Cube => heads.map((rows) => rows.map((row, i) => row.map((value, j) => (j > i ? -1e9 : value))))
  const masked = { ...random, scores: random.scores.map(causal), teacherScores: random.teacherScores.map(causal) }
  const { specs, feeds } = inputsOf(masked)
  const results = await agree(t, step('attention-text'), specs, feeds)
  t.true(Number.isFinite(results.loss![0]!) && results.loss![0]! > 0)
  t.true(results[gradientOf('scores')]!.every(Number.isFinite))
})

test('the projections of hidden lie between the widths of the towers', (t) => {
  const inner = { image: { student: 4, teacher: 7 }, text: { student: 3, teacher: 5 } }
  const params = objectiveParams({ hidden: 1, 'hidden-text': 1 }, { embedDim: 6, teacherDim: 6, classes: 1, inner }, 1)
  const shapes = Object.fromEntries(Object.entries(params).map(([name, { shape }]) => [name, shape]))
  t.deepEqual(shapes, {
    'objective.hidden.image.weight': [7, 4],
    'objective.hidden.text.weight': [5, 3],
    'objective.hidden-text.text.weight': [5, 3],
  })
})

test('a sum over towers is the sum of its parts', async (t) => {
  const { specs, feeds } = inputsOf(random)
  const both = withGradients(
    (params, inputs) => {
      const side = {
        layers: { hidden: params.hidden!, attention: tf.softmax(params.scores!) },
        attended: inputs.attended!,
      }
      const maps = tf.softmax(inputs.teacherScores!)
      const teacher = { teacher_image_attention: maps, teacher_text_attention: maps }
      return { loss: objectives.attention!.loss({ inner: { image: side, text: side }, inputs: teacher } as unknown as ObjectiveContext) }
    },
    ['scores'],
  )
  close(t, (await eager(both, specs, feeds)).loss!, [2 * (await lossOf('attention-text', random))], 1e-5, 'loss')
})
