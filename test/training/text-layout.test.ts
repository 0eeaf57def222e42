import test from 'ava'
import { random } from '../../base/random.ts'
import type { Tokenizer } from '../../tokenizers/load.ts'
import { sampler } from '../../training/data/sampler.ts'
import type { TrainingSet } from '../../training/data/training-set.ts'
import { textLayout } from '../../training/text-layout.ts'
import { tinyConfig } from '../models/tiny.ts'

const [images, B, batches, T] = [600, 200, 12, 7]
const languages = ['en', 'zh']

/** One token a letter. */
const tokenizer = {
  encode: (text: string) => Array.from(text, (letter) => letter.charCodeAt(0)),
  encodeBatch(texts: readonly string[], length: number) {
    const inputIds = new Int32Array(texts.length * length)
    const attentionMask = new Int32Array(texts.length * length)
    texts.forEach((text, row) => {
      const ids = tokenizer.encode(text).slice(0, length)
      inputIds.set(ids, row * length)
      attentionMask.fill(1, row * length, row * length + ids.length)
    })
    return { inputIds, attentionMask }
  },
} as unknown as Tokenizer

/** Mostly short texts of up to 9 letters, some of none: two that an image may have in a language. */
function makeSet(): TrainingSet {
  const next = random(4)
  const texts = Array.from({ length: 200 }, (_, i) => String.fromCharCode(200 + i).repeat(Math.floor(10 * next() ** 3)))
  const pick = () => Array.from({ length: images }, () => [Math.floor(200 * next()), Math.floor(200 * next())])
  return { count: images, images: [], texts, languages, captions: { en: pick(), zh: pick() }, dropped: 0 } as unknown as TrainingSet
}
const set = makeSet()
const draws = sampler(set, B, 1)
const layoutOf = (weights = {}) => textLayout({ set, tokenizer, config: tinyConfig, weights }, draws, batches)
const captionsOf = (batch: number) => Uint32Array.from(languages.flatMap((language) => [...draws.draw(batch).captions[language]!]))

test('every batch of the run fits into the blocks, and some batch fills each of them', (t) => {
  const { shape, inputs } = layoutOf()
  const lengths = shape.textBlocks!.flatMap(({ rows, tokens }) => Array<number>(rows).fill(tokens!))
  t.is(shape.textLength, T)
  t.is(lengths.length, 2 * B)
  t.true(new Set(lengths).size > 2)
  const most = Array<number>(2 * B).fill(0)
  for (let batch = 0; batch < batches; batch++) {
    const { attention_mask } = inputs(captionsOf(batch))
    const own = lengths.map((_, row) => attention_mask.subarray(T * row, T * (row + 1)).reduce((sum, one) => sum + one, 0))
    t.deepEqual(
      own,
      own.toSorted((a, b) => b - a),
      'longest first',
    )
    t.true(
      own.every((tokens, row) => tokens <= lengths[row]!),
      `batch ${batch}`,
    )
    for (const [row, tokens] of own.entries()) most[row] = Math.max(most[row]!, tokens)
  }
  for (const tokens of new Set(lengths)) t.is(most[lengths.indexOf(tokens)], tokens, 'no bound is higher than it must be')
})

test('text_order finds every caption again, equals in their order', (t) => {
  const { inputs } = layoutOf()
  for (let batch = 0; batch < batches; batch++) {
    const captions = captionsOf(batch)
    const { input_ids, text_order } = inputs(captions)
    const plain = tokenizer.encodeBatch(
      Array.from(captions, (text) => set.texts[text]!),
      T,
    )
    t.deepEqual(
      [...text_order!].sort((a, b) => a - b),
      [...captions.keys()],
    )
    const restored = Int32Array.from([...text_order!].flatMap((row) => [...input_ids.subarray(T * row, T * (row + 1))]))
    t.deepEqual(restored, plain.inputIds)
    const length = (text: number) => Math.min(T, set.texts[captions[text]!]!.length)
    for (let text = 1; text < captions.length; text++) if (length(text) === length(text - 1)) t.true(text_order![text]! > text_order![text - 1]!)
  }
})

test('the same again, as a resumed run makes it, whatever was drawn before', (t) => {
  const first = layoutOf()
  draws.draw(batches - 1)
  t.deepEqual(layoutOf().shape, first.shape)
})

test('where an objective looks into the text tower, texts keep their order and all T tokens', (t) => {
  const { shape, inputs } = layoutOf({ 'hidden-text': 1 })
  t.deepEqual(shape, { textLength: T })
  const captions = captionsOf(0)
  const { inputIds, attentionMask } = tokenizer.encodeBatch(
    Array.from(captions, (text) => set.texts[text]!),
    T,
  )
  t.deepEqual(inputs(captions), { input_ids: inputIds, attention_mask: attentionMask })
})
