import test from 'ava'
import type { Tokenizer } from '../../../tokenizers/load.ts'
import { captionTargets } from '../../../training/data/caption-targets.ts'
import type { TrainingSet } from '../../../training/data/training-set.ts'

/** Spells everything but capital X. */
const tokenizer = {
  ...({ vocabSize: 300, contextLength: 8, padId: 0, bosId: null, eosId: null } as const),
  unkIds: [1],
  encode: (text: string) => Array.from(text, (letter) => (letter === 'X' ? 1 : letter.charCodeAt(0))),
} as Tokenizer

const texts = ['apple', 'Xog', 'pX', 'li', 'X', 'birne', 'gX']
const set: TrainingSet = {
  count: 3,
  images: [],
  classes: Int32Array.of(0, 1, 2),
  labels: Int32Array.of(0, 1, 2),
  labelCount: 3,
  texts,
  languages: ['zh', 'en', 'de'],
  captions: { zh: [[2, 3], [4], [6]], en: [[0], [1], [0]], de: [[5], [5], [1]] },
  dropped: 0,
}

test('a caption that the teacher cannot spell has a caption of its image as target, an English one first', (t) => {
  const { set: learnt, counts } = captionTargets(set, tokenizer)
  // pX is beside apple, Xog and X beside birne, gX beside apple; Xog in the third image is German and beside apple, but has its target already.
  t.deepEqual(
    [...learnt.targets!].map((target, text) => `${texts[text]} ${texts[target]}`).filter((pair) => pair.includes('X')),
    ['Xog birne', 'pX apple', 'X birne', 'gX apple'],
  )
  t.deepEqual(counts, [
    { language: 'zh', through: 3, left: 0 },
    { language: 'en', through: 1, left: 0 },
    { language: 'de', through: 1, left: 0 },
  ])
  t.is(learnt.captions, set.captions)
})

test('without any counterpart it is learnt as it is, and counted', (t) => {
  const alone = { ...set, count: 1, languages: ['zh'], captions: { zh: [[2, 4]] } }
  const { set: learnt, counts } = captionTargets(alone, tokenizer)
  t.deepEqual([...learnt.targets!], [0, 1, 2, 3, 4, 5, 6])
  t.deepEqual(counts, [{ language: 'zh', through: 0, left: 2 }])
})

test('where all are spelled nothing changes', (t) => {
  t.is(captionTargets(set, undefined).set, set)
})
