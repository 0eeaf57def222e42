import test from 'ava'
import { ensembleFeatures } from '../../../training/teachers/ensemble.ts'
import type { TeacherFeatures } from '../../../training/teachers/features.ts'
import { parseOtherTeacher } from '../../../training/teachers/teachers.ts'
import { close, gaussian } from '../../engine/oracle.ts'
import { unitRows } from '../../models/tiny.ts'

/** A teacher of three images and three texts. */
function teacher(embedDim: number, logitScale: number, seed: number): TeacherFeatures & { a: Float32Array; b: Float32Array } {
  const a = unitRows(gaussian(3 * embedDim, seed), embedDim)
  const b = unitRows(gaussian(3 * embedDim, seed, 1), embedDim)
  const pick = (rows: Float32Array, indices: Uint32Array) =>
    Float32Array.from([...indices].flatMap((i) => [...rows.subarray(i * embedDim, (i + 1) * embedDim)]))
  return {
    a,
    b,
    embedDim,
    logitScale,
    augmentation: () => ({}),
    images: (indices) => pick(a, indices),
    texts: (indices) => pick(b, indices),
    plainImages: () => a,
  }
}

const logits = (a: Float32Array, b: Float32Array, dim: number, scale: number) =>
  [0, 1, 2].flatMap((i) =>
    [0, 1, 2].map((j) => scale * a.subarray(i * dim, (i + 1) * dim).reduce((sum, value, k) => sum + value * b[j * dim + k]!, 0)),
  )

test("an ensemble's logits are the weighted mean of its members', its features have unit length", async (t) => {
  const [one, two] = [teacher(4, 20, 1), teacher(6, 50, 2)]
  const both = ensembleFeatures([
    { features: one, weight: 1 },
    { features: two, weight: 3 },
  ])
  t.is(both.embedDim, 10)
  const all = Uint32Array.of(0, 1, 2)
  const [a, b] = [await both.images(all, 0, new Float32Array()), await both.texts(all)]
  const [first, second] = [logits(one.a, one.b, 4, 20), logits(two.a, two.b, 6, 50)]
  close(
    t,
    logits(a, b, 10, both.logitScale),
    first.map((value, i) => 0.25 * value + 0.75 * second[i]!),
    1e-5,
    'logits',
  )
  for (let i = 0; i < 3; i++) t.true(Math.abs(Math.hypot(...a.subarray(10 * i, 10 * i + 10)) - 1) < 1e-6)
  close(t, both.plainImages!(Uint32Array.of(0, 1)), a, 0, 'plain images')
})

test('an ensemble of one is that one', (t) => {
  const one = teacher(4, 20, 1)
  t.true(ensembleFeatures([{ features: one, weight: 7 }]) === one)
})

test('teachers as they are written', (t) => {
  t.deepEqual(parseOtherTeacher('runs/x', '--ensemble'), { dir: 'runs/x', weight: 1 })
  t.deepEqual(parseOtherTeacher('C:\\models\\x:0.5', '--ensemble'), { dir: 'C:\\models\\x', weight: 0.5 })
  t.deepEqual(parseOtherTeacher('zh+pt-BR=a/b-2', '--specialists'), { dir: 'a/b-2', weight: 1, languages: ['zh', 'pt-BR'] })
  t.deepEqual(parseOtherTeacher('zh=a:2', '--specialists'), { dir: 'a', weight: 2, languages: ['zh'] })
})
