import test, { type ExecutionContext } from 'ava'
import type { RetrievalTask } from '../../corpora/retrieval-task.ts'
import { knownSets, requireKnownSet } from '../../eval/known-sets.ts'
import { type Expected, throwsUserError } from '../user-error.ts'

function task(images: number, texts: number, language = 'zh', ids = images): RetrievalTask {
  const source = { key: '', read: async () => new Uint8Array() }
  return {
    corpus: 'c',
    protocol: 'test',
    language,
    images: Array.from({ length: images }, (_, i) => ({ id: `${i % ids}`, source })),
    texts: Array.from({ length: texts }, (_, i) => `${i}`),
    positives: Array.from({ length: texts }, (_, i) => [i % images]),
  }
}

const refuses = (t: ExecutionContext, name: string, made: RetrievalTask, expected: Expected) =>
  throwsUserError(t, () => requireKnownSet(name, made), expected)

test('sets with their published counts pass', (t) => {
  for (const [name, { images, texts, language }] of Object.entries(knownSets)) {
    t.notThrows(() => requireKnownSet(name, task(images, texts, language === 'any' ? 'de' : language)))
  }
  const distractors = { ...task(1000, 5000), texts: new Array(5001).fill('x'), positives: [...task(1000, 5000).positives, []] }
  t.notThrows(() => requireKnownSet('flickr30k-cn', distractors)) // only texts that are asked for count
})

test('other counts are objected to, with what is probably wrong', async (t) => {
  await refuses(t, 'flickr30k-cn', task(1000, 1000), {
    expected: /1000 images and 5000 captions/,
    got: '1000 and 1000',
    hint: /^Only one caption of each image was read/,
  })
  await refuses(t, 'flickr30k-cn', task(31_783, 5000), { hint: /more than the test split/ })
  await refuses(t, 'coco-cn', task(998, 1051), { got: '998 and 1051', hint: /^Images are missing/ })
  await refuses(t, 'coco-cn', task(1000, 1055), { hint: /Captions are missing or doubled/ })
  await refuses(t, 'flickr8k-cn', task(5000, 5000, 'zh', 1000), {
    expected: /1000 images, each with all of its captions/,
    got: /^5000 pairs/,
    hint: /one to one/,
  })
  await refuses(t, 'flickr30k-cn', task(1000, 5000, 'en'), { expected: /captions in zh/, got: 'en' })
  await refuses(t, 'imagenet', task(1, 1), { expected: /one of flickr30k-cn/, got: 'imagenet' })
})
