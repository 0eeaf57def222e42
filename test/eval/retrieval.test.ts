import test from 'ava'
import { normal, random } from '../../base/random.ts'
import type { RetrievalTask } from '../../corpora/retrieval-task.ts'
import { captionsOf, evaluateRetrieval, writtenCaptions } from '../../eval/retrieval.ts'
import { type Expected, throwsUserError } from '../user-error.ts'

function task(images: number, positives: number[][], more: Partial<RetrievalTask> = {}): RetrievalTask {
  return {
    corpus: 'made-up',
    protocol: 'by-hand',
    language: 'en',
    images: Array.from({ length: images }, (_, i) => ({ id: `image ${i}`, source: { key: `${i}`, read: async () => new Uint8Array() } })),
    texts: positives.map((_, i) => `text ${i}`),
    positives,
    ...more,
  }
}

const rows = (...list: number[][]) => Float32Array.from(list.flat())
const oneToOne = (n: number) => Array.from({ length: n }, (_, i) => [i])

test('a 3 × 3 task worked out by hand', async (t) => {
  // cosines (rows texts, columns images), with images on the axes and texts in between:
  //   t0 = (3, 4, 0)/5: .6 .8 0   → image 0 is 2nd
  //   t1 = (0, 1, 0):   0  1  0   → image 1 is 1st
  //   t2 = (2, 1, 2)/3: .67 .33 .67 → image 2 ties with image 0: 1 + ⌈1/2⌉ = 2nd
  // columns: image 0: .6 0 .67 → text 0 is 2nd; image 1: .8 1 .33 → 1st; image 2: 0 0 .67 → 1st
  const images = rows([1, 0, 0], [0, 7, 0], [0, 0, 1]) // lengths do not matter
  const texts = rows([3, 4, 0], [0, 1, 0], [2, 1, 2])
  const result = await evaluateRetrieval(task(3, oneToOne(3)), images, texts)
  t.deepEqual([...result.textToImage.ranks], [2, 1, 2])
  t.deepEqual([...result.imageToText.ranks], [2, 1, 1])
  t.deepEqual(result.metrics, {
    'text_to_image_R@1': 1 / 3,
    'text_to_image_R@5': 1,
    'text_to_image_R@10': 1,
    'image_to_text_R@1': 2 / 3,
    'image_to_text_R@5': 1,
    'image_to_text_R@10': 1,
    mean_recall: 5 / 6, // (1/3 + 2/3 + 4)/6
    median_rank: 1.5, // (2 + 1)/2
    text_to_image_median_rank: 2,
    image_to_text_median_rank: 1,
    text_to_image_mean_rank: 5 / 3,
    image_to_text_mean_rank: 4 / 3,
  })
})

test('an image with several captions is one query with several right answers', async (t) => {
  // Captions 0, 1, 2 describe image 0; caption 3 describes image 1. Image 0's own captions lie 4th, 1st and 3rd from it.
  const images = rows([1, 0], [0, 1])
  const texts = rows([0, 1], [5, 0.1], [1, 1], [1, 0.5])
  const result = await evaluateRetrieval(task(2, [[0], [0], [0], [1]]), images, texts)
  // image 0: caption 1 is first. image 1: its caption 3 (cosine .45) comes behind captions 0 (1) and 2 (.71), ahead of 1.
  t.deepEqual([...result.imageToText.ranks], [1, 3])
  // caption 0 points at image 1: 2nd; caption 1: 1st; caption 2 ties: 2nd; caption 3 is nearer to image 0: 2nd
  t.deepEqual([...result.textToImage.ranks], [2, 1, 2, 2])
  t.is(result.metrics['image_to_text_R@1'], 1 / 2)
  t.is(result.metrics['text_to_image_R@1'], 1 / 4)
  t.deepEqual([...result.textToImage.items], [0, 0, 0, 1])
  t.deepEqual([result.textToImage.gallery, result.imageToText.gallery], [2, 4])
})

test('a text of several images is a hit with any of them', async (t) => {
  const result = await evaluateRetrieval(task(3, [[1, 2], [0]]), rows([1, 0], [0, 1], [-1, 0]), rows([-1, 0.1], [1, 0]))
  t.deepEqual([...result.textToImage.ranks], [1, 1])
  t.deepEqual([...result.imageToText.ranks], [1, 1, 1])
})

test('a caption that is right for its whole class is about the image it was written for', async (t) => {
  const made = task(3, [[0, 1], [0, 1], [2]], { writtenFor: [0, 1, 2] })
  t.deepEqual(
    [captionsOf(made), writtenCaptions(made)],
    [
      [[0, 1], [0, 1], [2]],
      [[0], [1], [2]],
    ],
  )
  t.deepEqual(writtenCaptions({ ...made, writtenFor: undefined }), captionsOf(made))
  const { textToImage } = await evaluateRetrieval(made, rows([1, 0], [0, 1], [-1, 0]), rows([1, 0], [0, 1], [-1, 0]))
  t.deepEqual([...textToImage.items], [0, 1, 2])
})

test('distractors stay in the gallery and are not asked for; named queries are honoured', async (t) => {
  // text 2 describes nothing but lies on image 0
  const images = rows([1, 0], [0, 1])
  const texts = rows([1, 0.2], [0, 1], [1, 0])
  const whole = await evaluateRetrieval(task(2, [[0], [1], []]), images, texts)
  t.deepEqual(whole.textToImage.queries, [0, 1])
  t.deepEqual([...whole.imageToText.ranks], [2, 1])
  const part = await evaluateRetrieval(task(2, [[0], [1], []], { textQueries: [1], imageQueries: [0] }), images, texts)
  t.deepEqual([...part.textToImage.ranks], [1])
  t.deepEqual([...part.imageToText.ranks], [2])
  t.is(part.imageToText.gallery, 3)
})

test('a model that gives one embedding to everything has R@10 = 0 in a large gallery', async (t) => {
  const same = new Float32Array(300 * 8).fill(0.3)
  for (const embeds of [same, new Float32Array(300 * 8)]) {
    const { metrics } = await evaluateRetrieval(task(300, oneToOne(300)), embeds, embeds)
    t.is(metrics.mean_recall, 0)
    t.is(metrics.median_rank, 151) // 1 + ⌈299/2⌉
  }
})

test('duplicates of a right answer push it down by half their number', async (t) => {
  // Text 0's image stands there five times under other ids: 1 + ⌈4/2⌉.
  const images = rows([1, 0], [1, 0], [1, 0], [1, 0], [1, 0], [0, 1])
  const { textToImage } = await evaluateRetrieval(task(6, [[0], [5]]), images, rows([1, 0], [0, 1]))
  t.deepEqual([...textToImage.ranks], [3, 1])
})

test('chance level on random embeddings', async (t) => {
  const next = random(11)
  const noise = () => Float32Array.from({ length: 400 * 16 }, () => normal(next))
  const { metrics } = await evaluateRetrieval(task(400, oneToOne(400)), noise(), noise())
  t.true(metrics['text_to_image_R@10'] < 0.06) // 10/400 = 0.025, standard error 0.008
  t.true(Math.abs(metrics.median_rank - 200) < 30)
})

test('bad input is refused with the reason', async (t) => {
  const two = rows([1, 0], [0, 1])
  const refuses = (run: () => Promise<unknown>, expected: Expected) => throwsUserError(t, run, expected)
  await refuses(() => evaluateRetrieval(task(2, oneToOne(2)), two, rows([1, 0, 0], [0, 1, 0])), { where: /made-up by-hand \(en\)/, got: /2 and 3/ })
  await refuses(() => evaluateRetrieval(task(2, oneToOne(2)), two, rows([1, 0], [0, Number.NaN])), { where: /texts/, got: /NaN in row 1/ })
  await refuses(() => evaluateRetrieval(task(0, [[]]), new Float32Array(), rows([1, 0])), { where: /images/, expected: /at least one embedding/ })
  await refuses(() => evaluateRetrieval(task(2, []), two, new Float32Array()), { where: /texts/, expected: /at least one embedding/ })
  await refuses(() => evaluateRetrieval(task(2, [[], []]), two, two), { where: /text queries/, expected: /at least one query with ground truth/ })
  await refuses(() => evaluateRetrieval(task(2, [[0], []], { textQueries: [1] }), two, two), { where: /text query 1/, got: 'none' })
  await refuses(() => evaluateRetrieval(task(2, [[0], []], { imageQueries: [0, 1] }), two, two), { where: /image query 1/ })
  await refuses(() => evaluateRetrieval(task(2, [[0], [1]], { imageQueries: [2] }), two, two), {
    where: /image query 2/,
    got: /an index outside the task/,
  })
  await refuses(() => evaluateRetrieval(task(2, [[0], [2]]), two, two), { where: /text 1/, expected: /positives in 0…1/, got: '2' })
  await refuses(() => evaluateRetrieval(task(2, [[0]], { texts: ['a', 'b'] }), two, two), {
    expected: /one list of positives for each of the 2 texts/,
    got: '1',
  })
  const listedTwice = task(2, oneToOne(2))
  listedTwice.images[1]!.id = 'image 0'
  await refuses(() => evaluateRetrieval(listedTwice, two, two), { expected: /each image once/, got: /image image 0 more than once/ })
})
