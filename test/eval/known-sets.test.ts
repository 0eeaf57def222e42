import test from 'ava'
import { UserError } from '../../base/errors.ts'
import type { RetrievalTask } from '../../corpora/retrieval-task.ts'
import { knownSets, requireKnownSet } from '../../eval/known-sets.ts'

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

const refuses = (
  t: { regex(text: string, pattern: RegExp): void; throws(run: () => void, expected: object): Error | undefined },
  name: string,
  made: RetrievalTask,
  message: RegExp,
) => t.regex(t.throws(() => requireKnownSet(name, made), { instanceOf: UserError })!.message, message)

test('sets with their published counts pass', (t) => {
  for (const [name, { images, texts, language }] of Object.entries(knownSets)) {
    t.notThrows(() => requireKnownSet(name, task(images, texts, language === 'any' ? 'de' : language)))
  }
  const distractors = { ...task(1000, 5000), texts: new Array(5001).fill('x'), positives: [...task(1000, 5000).positives, []] }
  t.notThrows(() => requireKnownSet('flickr30k-cn', distractors)) // only texts that are asked for count
})

test('other counts are objected to, with what is probably wrong', (t) => {
  refuses(t, 'flickr30k-cn', task(1000, 1000), /1000 images and 5000 captions, got 1000 and 1000. Only one caption of each image was read/)
  refuses(t, 'flickr30k-cn', task(31_783, 5000), /more than the test split/)
  refuses(t, 'coco-cn', task(998, 1051), /998 and 1051. Images are missing/)
  refuses(t, 'coco-cn', task(1000, 1055), /Captions are missing or doubled/)
  refuses(t, 'flickr8k-cn', task(5000, 5000, 'zh', 1000), /1000 images, each with all of its captions.*got 5000 pairs.*one to one/)
  refuses(t, 'flickr30k-cn', task(1000, 5000, 'en'), /captions in zh, got en/)
  refuses(t, 'imagenet', task(1, 1), /one of flickr30k-cn, .*got imagenet/)
})
