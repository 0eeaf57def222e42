import test from 'ava'
import { UserError } from '../../base/errors.ts'
import { random } from '../../base/random.ts'
import { trainBpe } from '../../tokenizers/bpe.ts'
import { BYTE_CHARACTERS } from '../../tokenizers/byte-level.ts'
import { seedPieces } from '../../tokenizers/seeds.ts'
import { trainTokenizer } from '../../tokenizers/train.ts'
import { trainUnigram } from '../../tokenizers/unigram.ts'
import { throwsUserError } from '../user-error.ts'
import { sampleCaptions } from './cldr.ts'

type Json = {
  added_tokens: { id: number; content: string }[]
  model: { type: string; vocab: Record<string, number> | [string, number][] }
}

test('the bytes are spelled as ByteLevel spells them', (t) => {
  t.is(BYTE_CHARACTERS[0x20], 'Ġ')
  t.is(BYTE_CHARACTERS[0x0a], 'Ċ')
  t.is(BYTE_CHARACTERS[0x41], 'A')
  t.is(BYTE_CHARACTERS[0xad], '\u0143')
  t.is(new Set(BYTE_CHARACTERS).size, 256)
})

test('bpe, by hand', (t) => {
  // ab ×3, ac ×1: (Ġ a) occurs 4 times, then (Ġa b) 3 times, then nothing twice.
  const { symbols, merges } = trainBpe(
    new Map([
      [' ab', 3],
      [' ac', 1],
    ]),
    300,
  )
  t.deepEqual(merges, ['Ġ a', 'Ġa b'])
  t.deepEqual(symbols.slice(256), ['Ġa', 'Ġab'])
})

test('bpe: a pair overlapping itself merges from the left; ties go to the lower bytes', (t) => {
  // aaa ×2: (a a) 4 times, then (aa a) twice.
  t.deepEqual(trainBpe(new Map([['aaa', 2]]), 300).merges, ['a a', 'aa a'])
  t.deepEqual(
    trainBpe(
      new Map([
        ['xy', 2],
        ['ab', 2],
      ]),
      257,
    ).merges,
    ['a b'],
  )
})

test('bpe: no spelling gets two ids, every merge joins symbols that are already there', (t) => {
  const next = random(7)
  const word = () => Array.from({ length: 3 + Math.floor(8 * next()) }, () => (next() < 0.5 ? 'a' : 'b')).join('')
  const { symbols, merges } = trainBpe(new Map(Array.from({ length: 60 }, () => [word(), 1 + Math.floor(5 * next())])), 400)
  t.is(new Set(symbols).size, symbols.length)
  for (const merge of merges) {
    const [left, right] = merge.split(' ') as [string, string]
    const born = symbols.indexOf(left + right)
    t.true(born > symbols.indexOf(left) && born > symbols.indexOf(right))
  }
})

test('seeds: substrings that occur twice, without those that always continue, best saving first', (t) => {
  const seeds = seedPieces(
    new Map([
      ['abab', 5],
      ['ab', 5],
      ['cd', 9],
      ['狗', 1],
    ]),
    100,
  ).slice(256)
  // bytes saved: ab 15·1, abab 5·3, cd 9·1, 狗 1·2, its first two bytes 1·1; aba, bab and ba always stand inside abab.
  t.deepEqual(
    seeds.map((seed) => seed.join('')),
    ['ab', 'abab', 'cd', 'çĭĹ', 'çĭ'],
  )
})

test('unigram, by hand', (t) => {
  // One word ten times. Its piece is expected 10 times, each byte at the floor of ½: score = ψ(10) − ψ(10 + 256/2).
  const pieces = trainUnigram(new Map([['ab', 10]]), 257)
  t.is(pieces.length, 257)
  t.is(pieces[256]![0], 'ab')
  t.true(Math.abs(pieces[256]![1] - (2.2517525 - 4.9236265)) < 1e-3)
  // abab is cheap to lose (ab·ab is left), ab and cd are not.
  const two = trainUnigram(
    new Map([
      ['abab', 5],
      ['ab', 5],
      ['cd', 9],
    ]),
    258,
  )
  t.deepEqual(
    two
      .slice(256)
      .map(([piece]) => piece)
      .sort(),
    ['ab', 'cd'],
  )
})

for (const algorithm of ['bpe', 'unigram'] as const) {
  test(`${algorithm}: exact size, fixed special ids, the same twice`, async (t) => {
    const captions = [...(await sampleCaptions('en', 2000)), ...(await sampleCaptions('zh', 2000))]
    const files = trainTokenizer(captions, { vocabSize: 1500, algorithm, contextLength: 20 })
    const { added_tokens, model } = files.tokenizerJson as Json
    t.deepEqual(
      added_tokens.map(({ id, content }) => [id, content]),
      [
        [0, '<pad>'],
        [1, '<s>'],
        [2, '<unk>'],
        [3, '</s>'],
      ],
    )
    const tokens = Array.isArray(model.vocab) ? model.vocab.map(([token]) => token) : Object.keys(model.vocab)
    t.is(new Set(tokens).size, 1500)
    t.like(files.tokenizerConfig, { model_max_length: 20, tokenizer_class: 'PreTrainedTokenizerFast', padding_side: 'right' })
    t.deepEqual(trainTokenizer(captions, { vocabSize: 1500, algorithm, contextLength: 20 }), files)
  })

  test(`${algorithm}: few captions give a smaller vocabulary, the smallest one is bytes alone`, (t) => {
    const size = (vocabSize: number, captions: string[]) => {
      const { vocab } = (trainTokenizer(captions, { vocabSize, algorithm }).tokenizerJson as Json).model
      return Object.keys(vocab).length
    }
    t.is(size(260, ['a red apple', '红苹果']), 260)
    const small = size(8000, ['a red apple', 'a red pear', '红苹果', '红梨'])
    t.true(small > 260 && small < 300)
  })
}

test('bad input', async (t) => {
  const train =
    (captions: string[], vocabSize: number, contextLength = 32) =>
    () =>
      trainTokenizer(captions, { vocabSize, contextLength })
  await throwsUserError(t, train(['dog'], 259), { where: /vocabSize/, expected: / at least 260/, got: '259' })
  await throwsUserError(t, train(['dog'], 6000.5), { got: '6000.5' })
  t.throws(train(['dog'], Number.NaN), { instanceOf: UserError })
  await throwsUserError(t, train(['dog'], 300, 2), { where: /contextLength/ })
  await throwsUserError(t, train([], 300), { expected: /at least one caption/ })
  await throwsUserError(t, train(['', ' \t'], 300), { expected: /at least one caption/ })
})
