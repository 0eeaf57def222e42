import test from 'ava'
import type { RetrievalTask } from '../../corpora/retrieval-task.ts'
import { evaluateRetrieval } from '../../eval/retrieval.ts'
import { pickExamples, similarityMap } from '../../report/examples.ts'

const png = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 0, 0, 0, 0, 0])

// Five images on the axes; image 0 has two captions. Captions 0 and 1 point at image 3, caption 2 clearly at its image 1,
// caption 3 at its image 2 but at image 3 nearly as much, caption 4 at its image 3.
const images = Float32Array.from([1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1])
const texts = Float32Array.from(
  [
    [0.1, 0, 0, 1, 0.5],
    [0.2, 0, 0, 1, 0],
    [0, 1, 0, 0, 0],
    [0, 0, 1, 0.9, 0],
    [0, 0, 0, 1, 0.3],
  ].flat(),
)
const task: RetrievalTask = {
  corpus: 'c',
  protocol: 'p',
  language: 'en',
  images: ['a', 'b', 'c', 'd', 'e'].map((id) => ({ id, source: { key: id, read: async () => new Uint8Array() } })),
  texts: ['zero', 'also zero', 'one', 'two', 'three'],
  positives: [[0], [0], [1], [2], [3]],
}

test('the worst and the clearest queries, each image once', async (t) => {
  const asked: string[] = []
  const thumbnail = async (id: string) => {
    asked.push(id)
    return png
  }
  const result = await evaluateRetrieval(task, images, texts)
  t.deepEqual([...result.textToImage.ranks], [3, 2, 1, 1, 1])
  const { worst, best } = await pickExamples(task, result, images, texts, thumbnail, { model: 'm', count: 2, topK: 2 })
  const found = (example: (typeof worst)[number]) => example.hits.map(({ label, isRight }) => `${label}${isRight ? ' ✓' : ''}`)

  const [first] = worst
  t.deepEqual([first!.direction, first!.query, first!.rank, first!.gallery], ['text_to_image', { text: 'zero' }, 3, 5])
  t.deepEqual(found(first!), ['three', 'e']) // pictures are named by their first caption, else their id
  t.like(first!.missed, { rank: 3, isRight: true, label: 'zero' })
  t.true(Math.abs(first!.missed!.score - 0.1 / Math.hypot(0.1, 1, 0.5)) < 1e-6)
  t.is(worst.filter(({ direction }) => direction === 'text_to_image').length, 1) // 'also zero' is about the same image
  // Image 3's own caption has cosine .958 with it, 'also zero' .981.
  const [byPicture, ...others] = worst.filter(({ direction }) => direction === 'image_to_text')
  t.deepEqual([byPicture!.rank, found(byPicture!), others.length], [2, ['also zero', 'three ✓'], 0])

  const clear = best.filter(({ direction }) => direction === 'text_to_image')
  t.deepEqual(
    clear.map(({ query }) => query),
    [{ text: 'one' }, { text: 'three' }],
  )
  t.deepEqual(found(clear[0]!).slice(0, 1), ['one ✓'])
  t.is(clear[0]!.missed, undefined)
  const byImage = best.find(({ direction }) => direction === 'image_to_text')!
  t.deepEqual(byImage.query, { picture: { label: 'one', url: `data:image/png;base64,${Buffer.from(png).toString('base64')}` } })
  t.is(byImage.hits[0]!.picture, undefined)
  t.is(new Set(asked).size, asked.length) // every picture is made once
})

test('the similarity map holds cosines of spread-out images with their captions', async (t) => {
  const map = await similarityMap(task, images, texts, async () => png, { model: 'm', count: 2 })
  t.deepEqual(map.texts, ['zero', 'two']) // of images 0, 1, 2, 3 with captions the first and the third
  t.deepEqual(map.right, [
    [true, false],
    [false, true],
  ])
  t.true(Math.abs(map.values[1]![1]! - 1 / Math.hypot(1, 0.9)) < 1e-6)
  await t.throwsAsync(() => similarityMap(task, images, texts, async () => Uint8Array.of(1, 2), { model: 'm' }), {
    message: /PNG, WebP, GIF or JPEG/,
  })
})
