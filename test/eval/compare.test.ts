import test from 'ava'
import { random } from '../../base/random.ts'
import { compareRuns, holm } from '../../eval/compare.ts'
import type { SavedRanks } from '../../eval/ranks-file.ts'
import { renderComparison } from '../../report/comparison.ts'
import { type Expected, throwsUserError } from '../user-error.ts'

/** Ranks of `n` queries a direction that are hits with this probability; shared draws make runs alike where they are. */
function saved(hitRate: number, more: Partial<SavedRanks> = {}, seed = 1): SavedRanks {
  const next = random(seed)
  const ranks = Array.from({ length: 400 }, () => (next() < hitRate ? 1 : 50))
  const direction = { ranks, gallery: 400 }
  return {
    model: 'student',
    dtype: 'fp32',
    corpus: 'c',
    protocol: 'p',
    language: 'en',
    task: 'same',
    textToImage: direction,
    imageToText: direction,
    ...more,
  }
}

test("Holm's correction", (t) => {
  t.deepEqual(holm([0.01, 0.04, 0.03]), [0.03, 0.06, 0.06])
  t.deepEqual(holm([0.9, 0.8]), [1, 1])
  t.deepEqual(holm([]), [])
})

test('runs are held against the first, task by task', (t) => {
  const runs = [
    { name: 'a', ranks: [saved(0.5), saved(0.5, { language: 'zh' }), saved(0.2, { model: 'teacher' })] },
    { name: 'b', ranks: [saved(0.6), saved(0.5, { language: 'zh' })] },
  ]
  const { tasks, skipped } = compareRuns(runs, { seed: 1 })
  t.deepEqual(skipped, [])
  t.deepEqual(
    tasks.map(({ language, queries, scores }) => [language, queries, scores.map(({ run }) => run)]),
    [
      ['en', 400, ['a', 'b']],
      ['zh', 400, ['a', 'b']],
    ],
  )
  const [better, equal] = tasks.map(({ scores }) => scores[1]!.against!)
  t.true(better!.difference > 0.05 && better!.interval[0] > 0 && better!.adjusted < 0.01)
  t.is(better!.adjusted, Math.min(1, 2 * better!.p))
  t.deepEqual([equal!.difference, equal!.interval, equal!.adjusted], [0, [0, 0], 1])
  t.is(tasks[0]!.scores[0]!.against, undefined)
})

test('tasks that are not the same are left out and named', (t) => {
  const a = { name: 'a', ranks: [saved(0.5), saved(0.5, { language: 'zh' }), saved(0.5, { language: 'de' })] }
  const { tasks, skipped } = compareRuns([a, { name: 'b', ranks: [saved(0.5), saved(0.5, { language: 'zh', task: 'other' })] }])
  t.is(tasks.length, 1)
  t.deepEqual(skipped, [
    { run: 'b', task: 'c p zh', reason: 'its images or texts are not the same ones' },
    { run: 'b', task: 'c p de', reason: 'it was not evaluated there' },
  ])
})

test('other queries among the same images are not paired', async (t) => {
  const part = saved(0.5)
  const queries = part.imageToText.ranks.map((_, i) => i + 1)
  const other = { ...part, imageToText: { ...part.imageToText, queries } }
  const expected = { got: /its queries are not the same ones/ }
  await throwsUserError(
    t,
    () =>
      compareRuns([
        { name: 'a', ranks: [part] },
        { name: 'b', ranks: [other] },
      ]),
    expected,
  )
})

test('the table', (t) => {
  const runs = [
    { name: 'runs/a', ranks: [saved(0.5), saved(0.5, { language: 'zh' })] },
    { name: 'runs/b', ranks: [saved(0.3)] },
    { name: 'runs/c', ranks: [saved(0.5), saved(0.51, { language: 'zh' }, 2)] },
  ]
  const text = renderComparison(compareRuns(runs, { seed: 1, resamples: 2000 }))
  const [head, , english, same, chinese, ...more] = text.split('\n').filter((line) => line.startsWith('|'))
  t.regex(head!, /^\| run +\| protocol \| language \| +n \| runs\/a \| +MR \| +Δ \| +95 % \| +p \| verdict +\|$/)
  t.regex(english!, /^\| runs\/b \| p +\| English +\| 400 \| +5\d\.\d \| \d\d\.\d \| −\d\d\.\d \| −\d\d\.\d … −\d\d\.\d \| 0\.00\d \| worse +\|$/)
  t.regex(same!, /^\| runs\/c \| p +\| English +\| 400 \| +5\d\.\d \| 5\d\.\d \| +\+0\.0 \| +\+0\.0 … \+0\.0 \| 1\.000 \| not significant \|$/)
  t.regex(chinese!, /^\| runs\/c \| p +\| Chinese /)
  t.deepEqual(more, [])
  t.regex(text, /\n\nruns\/b left out, it was not evaluated there: c p zh\.\n$/)
})

test('nothing to compare is refused with the reason', async (t) => {
  const refuses = (run: () => unknown, expected: Expected) => throwsUserError(t, run, expected)
  const a = { name: 'a', ranks: [saved(0.5)] }
  await refuses(() => compareRuns([a]), { expected: /two runs or more/, got: '1' })
  await refuses(() => compareRuns([a, { name: 'b', ranks: [saved(0.5, { task: 'other' })] }]), {
    expected: /a and b were evaluated with student fp32/,
    got: /none \(c p en in b: its images or texts/,
  })
  await refuses(() => compareRuns([a, a], { dtype: 'q8' }), {
    where: /compare, a/,
    expected: /an evaluation of student q8/,
    got: /one of student fp32/,
  })
})

test('a clear difference passes the correction however many there are', (t) => {
  const languages = Array.from({ length: 60 }, (_, i) => `x${i}`)
  const run = (name: string, hits: number) => ({ name, ranks: languages.map((language) => saved(hits, { language })) })
  const { tasks } = compareRuns([run('a', 0.3), run('b', 0.6)], { seed: 1 })
  t.true(tasks.every(({ scores }) => scores[1]!.against!.adjusted < 0.05))
})
