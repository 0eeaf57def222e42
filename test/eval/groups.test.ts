import test from 'ava'
import type { RetrievalTask } from '../../corpora/retrieval-task.ts'
import { groupResults } from '../../eval/groups.ts'
import { evaluateRetrieval } from '../../eval/retrieval.ts'

test('each group is scored on its own queries in the whole gallery', async (t) => {
  const task: RetrievalTask = {
    corpus: 'c',
    protocol: 'p',
    language: 'en',
    images: ['x', 'y', 'x', undefined, 'distractor'].map((group, i) => ({
      id: `${i}`,
      group,
      source: { key: `${i}`, read: async () => new Uint8Array() },
    })),
    texts: ['0', '1', '2', '3', 'also 2'],
    positives: [[0], [1], [2], [3], [2]],
  }
  const images = new Float32Array(25)
  for (let i = 0; i < 5; i++) images[6 * i] = 1
  // Captions 0 and 'also 2' point at image 1, the others at their own.
  const texts = Float32Array.from(
    [
      [0, 1, 0, 0, 0],
      [0, 1, 0, 0, 0],
      [0, 0, 1, 0, 0],
      [0, 0, 0, 1, 0],
      [0, 1, 0.5, 0, 0],
    ].flat(),
  )
  const result = await evaluateRetrieval(task, images, texts)
  const groups = groupResults(task, result)
  t.deepEqual(
    groups.map(({ group, queries }) => [group, queries]),
    [
      ['x', 2],
      ['y', 1],
    ],
  )
  t.is(groups[0]!.metrics['text_to_image_R@1'], 1 / 3) // of captions 0, 2, also 2 only the second
  t.is(groups[0]!.metrics['image_to_text_R@1'], 1 / 2)
  t.is(groups[1]!.metrics['text_to_image_R@1'], 1)
  t.deepEqual(groupResults({ ...task, images: task.images.map(({ id, source }) => ({ id, source })) }, result), [])
})
