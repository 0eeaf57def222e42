import test from 'ava'
import type { RetrievalTask } from '../../corpora/retrieval-task.ts'
import { crossLingualConsistency, ndcg, overlapAt } from '../../eval/consistency.ts'
import { throwsUserError } from '../user-error.ts'

function task(language: string, ids: string[], positives: number[][]): RetrievalTask {
  return {
    corpus: 'c',
    protocol: 'p',
    language,
    images: ids.map((id) => ({ id, source: { key: id, read: async () => new Uint8Array() } })),
    texts: positives.map((_, i) => `${language} ${i}`),
    positives,
  }
}

const near = (a: number, b: number) => Math.abs(a - b) < 1e-9

test('overlap and NDCG worked out by hand', (t) => {
  t.is(overlapAt([1, 2, 3], [3, 1, 4], 1), 0)
  t.is(overlapAt([1, 2, 3], [3, 1, 4], 2), 1 / 2)
  t.is(overlapAt([1, 2, 3], [3, 1, 4], 10), 2 / 3) // no more than there are
  t.is(ndcg([5, 6, 7], [5, 6, 7]), 1)
  t.is(ndcg([5, 6, 7], [1, 2, 3]), 0)
  // Worth 3, 2, 1 for 5, 6, 7; the order 6, 5, 8 collects 2 + 3/log₂3.
  const ideal = 3 + 2 / Math.log2(3) + 1 / 2
  t.true(near(ndcg([5, 6, 7], [6, 5, 8]), (2 + 3 / Math.log2(3)) / ideal))
})

test('two languages that rank alike agree, whether they are right or not', async (t) => {
  const images = Float32Array.from([1, 0, 0, 0, 1, 0, 0, 0, 1])
  const wrong = [0, 1, 0.5, 0, 0.5, 1, 1, 0.5, 0] // each text points at the next image
  const a = { task: task('en', ['a', 'b', 'c'], [[0], [1], [2]]), textEmbeds: Float32Array.from(wrong) }
  const b = { task: task('zh', ['a', 'b', 'c'], [[0], [1], [2]]), textEmbeds: Float32Array.from(wrong, (value) => 3 * value) }
  const result = await crossLingualConsistency(a, b, images)
  t.deepEqual([result.languages, result.queries, result.gallery], [['en', 'zh'], 3, 3])
  t.true(
    Object.values(result.metrics).every((value) => value === 1),
    JSON.stringify(result.metrics),
  )
})

test('images are matched by id, those without a caption in one language are left out, the first caption counts', async (t) => {
  // In English images a, b, c in this order, b with two captions; in Chinese c, b and one that English lacks.
  const images = Float32Array.from([1, 0, 0, 0, 1, 0, 0, 0, 1])
  const a = { task: task('en', ['a', 'b', 'c'], [[0], [1], [1], [2]]), textEmbeds: Float32Array.from([1, 0, 0, 0, 1, 0.1, 1, 1, 1, 0, 0.1, 1]) }
  const b = { task: task('zh', ['c', 'b', 'd'], [[2], [0], [1]]), textEmbeds: Float32Array.from([1, 0, 0, 0, 1, 0.1, 0, 0.1, 1]) }
  const { metrics, queries, gallery } = await crossLingualConsistency(a, b, images)
  t.deepEqual([queries, gallery], [2, 2])
  // The Chinese caption of c points at b and the other way round: the first places differ, and so do the translations.
  t.is(metrics['overlap@1'], 0)
  t.is(metrics['overlap@5'], 1)
  t.is(metrics['text_to_text_R@1'], 0)
  t.is(metrics['text_to_text_R@5_reverse'], 1)
  const swapped = (1 + 2 / Math.log2(3)) / (2 + 1 / Math.log2(3))
  t.true(near(metrics['ndcg@20'], swapped))
})

test('texts of the same words are as right as the translation itself', async (t) => {
  const images = Float32Array.from([1, 0, 0, 1, 1, 1])
  const positives = [[0], [1], [2]]
  const embeds = Float32Array.from([1, 0, 1, 0, 0, 1])
  const side = (language: string, texts: string[]) => ({ task: { ...task(language, ['a', 'b', 'c'], positives), texts }, textEmbeds: embeds })
  const { metrics } = await crossLingualConsistency(side('en', ['dog', 'dog', 'cat']), side('zh', ['狗', '狗', '猫']), images)
  t.deepEqual([metrics['text_to_text_R@1'], metrics['text_to_text_R@1_reverse']], [1, 1])
  // Different words that the model cannot tell apart are no right answers: each of the two has the other before it.
  const unequal = await crossLingualConsistency(side('en', ['dog', 'dog', 'cat']), side('zh', ['狗', '犬', '猫']), images)
  t.deepEqual([unequal.metrics['text_to_text_R@1'], unequal.metrics['text_to_text_R@1_reverse']], [1 / 3, 1])
})

test('a model that gives everything one embedding is not consistent', async (t) => {
  const n = 100
  const ids = Array.from({ length: n }, (_, i) => `${i}`)
  const one = ids.map((_, i) => [i])
  const same = new Float32Array(4 * n).fill(1)
  const side = (language: string) => ({ task: task(language, ids, one), textEmbeds: same })
  const { metrics } = await crossLingualConsistency(side('en'), side('zh'), same)
  t.true(
    Object.values(metrics).every((value) => value === 0),
    JSON.stringify(metrics),
  )
})

test('bad input is refused with the reason', async (t) => {
  const a = { task: task('en', ['a'], [[0]]), textEmbeds: Float32Array.of(1, 0) }
  const other = { task: task('zh', ['b'], [[0]]), textEmbeds: Float32Array.of(1, 0) }
  await throwsUserError(t, () => crossLingualConsistency(a, other, Float32Array.of(1, 0)), {
    where: /consistency of en and zh, p/,
    expected: /images with captions in both/,
  })
  await throwsUserError(t, () => crossLingualConsistency(a, { ...other, textEmbeds: Float32Array.of(1) }, Float32Array.of(1, 0)), { got: /2 and 1/ })
})
