import { join } from 'node:path'
import test from 'ava'
import { trainBpe } from '../../tokenizers/bpe.ts'
import { BYTE_CHARACTERS } from '../../tokenizers/byte-level.ts'
import { extendTokenizer } from '../../tokenizers/extend.ts'
import { loadTokenizer } from '../../tokenizers/load.ts'
import { trainTokenizer, writeTokenizer } from '../../tokenizers/train.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { sampleCaptions } from './cldr.ts'

test('bpe goes on where another stopped, by hand', (t) => {
  const start = { symbols: [...BYTE_CHARACTERS, 'ab'], merges: ['a b'] }
  // abc ×3 is ab·c: (ab c) occurs 3 times. de ×2 would be joined, but that pair stands in a word that is kept.
  const words = new Map([
    ['abc', 3],
    ['de', 2],
  ])
  const { symbols, merges } = trainBpe(words, 300, start, ['xde'])
  t.deepEqual(merges, ['a b', 'ab c'])
  t.deepEqual(symbols.slice(256), ['ab', 'abc'])
  t.deepEqual(trainBpe(words, 300, start).merges, ['a b', 'ab c', 'd e'])
})

test('a tokenizer gains tokens: ids stay, kept texts are spelled as before, new ones shorter', async (t) => {
  const dir = await temporaryFolder(t)
  const sample = async (one: string, other: string) => [...(await sampleCaptions(one, 600)), ...(await sampleCaptions(other, 600))]
  const [old, fresh] = [await sample('en', 'pt'), await sample('hi', 'vi')]
  await writeTokenizer(join(dir, 'old'), trainTokenizer(old, { vocabSize: 800 }))
  const { files, pieces } = (await extendTokenizer(join(dir, 'old'), { texts: fresh, kept: old, tokens: 300 }))!
  await writeTokenizer(join(dir, 'new'), files)
  const [before, after] = [await loadTokenizer(join(dir, 'old')), await loadTokenizer(join(dir, 'new'))]
  t.is(after.vocabSize, before.vocabSize + 300)
  t.is(pieces.length, 300)
  for (const text of old) t.deepEqual(after.encode(text), before.encode(text), text)
  const tokens = ({ encode }: typeof before, texts: string[]) => texts.reduce((sum, text) => sum + encode(text).length - 2, 0)
  t.true(tokens(after, fresh) < 0.7 * tokens(before, fresh), `${tokens(before, fresh)} → ${tokens(after, fresh)}`)
  const whole = fresh.filter((text) => before.encode(text).length < before.contextLength)
  for (const text of whole) t.is(after.decode(after.encode(text)), before.decode(before.encode(text)), text)

  // A new token's pieces are old ones, and spell the same.
  const { vocab } = (files.tokenizerJson as { model: { vocab: Record<string, number> } }).model
  const symbols = new Map(Object.entries(vocab).map(([symbol, id]) => [id, symbol]))
  for (const [i, ids] of pieces.entries()) {
    t.true(ids.length > 1 && ids.every((id) => id < before.vocabSize))
    t.is(ids.map((id) => symbols.get(id)).join(''), symbols.get(before.vocabSize + i)!)
  }
})

test('a unigram tokenizer, and one of another make, are not gone on with', async (t) => {
  const dir = await temporaryFolder(t)
  const captions = await sampleCaptions('en', 600)
  await writeTokenizer(join(dir, 'unigram'), trainTokenizer(captions, { vocabSize: 400, algorithm: 'unigram' }))
  const options = { texts: ['नमस्ते'], kept: captions, tokens: 10 }
  t.is(await extendTokenizer(join(dir, 'unigram'), options), undefined)
  const { tokenizerJson, tokenizerConfig } = trainTokenizer(captions, { vocabSize: 400 })
  await writeTokenizer(join(dir, 'other'), { tokenizerJson: { ...tokenizerJson, normalizer: { type: 'NFC' } }, tokenizerConfig })
  t.is(await extendTokenizer(join(dir, 'other'), options), undefined)
})
