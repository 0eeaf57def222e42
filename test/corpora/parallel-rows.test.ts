import test from 'ava'
import { parallelRows } from '../../corpora/parallel-rows.ts'
import type { TextCorpus, TextSample } from '../../corpora/sample.ts'

function corpusOf(captions: TextSample['captions'][]): TextCorpus {
  return {
    name: 'texts',
    licence: 'none',
    languages: ['en', 'hi', 'vi'],
    splits: ['train', 'test'],
    async *samples(split) {
      for (const [i, one] of captions.entries()) if (split === (i === 3 ? 'test' : 'train')) yield { id: `${i}`, captions: one }
    },
  }
}

test('captions come in pairs by their order, or with the first of the pivot language; equal rows come once, held-out ones not', async (t) => {
  const corpus = corpusOf([
    { en: ['a cat', 'an animal'], hi: ['बिल्ली', 'जानवर'], vi: ['mèo'] },
    { en: ['a cat', 'an animal'], hi: ['बिल्ली', 'जानवर'], vi: ['mèo'] },
    { hi: ['सूरज'] },
    { en: ['a test'], hi: ['परीक्षा'] },
  ])
  t.deepEqual(await parallelRows(corpus, ['en', 'hi', 'vi'], 'en'), [
    { en: 'a cat' },
    { en: 'an animal' },
    { hi: 'बिल्ली', en: 'a cat' },
    { hi: 'जानवर', en: 'an animal' },
    { vi: 'mèo', en: 'a cat' },
    { hi: 'सूरज' },
  ])
})
