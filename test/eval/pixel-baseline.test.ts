import test from 'ava'
import type { RetrievalTask } from '../../corpora/retrieval-task.ts'
import { hardSubset, type PixelSet, pixelBaseline } from '../../eval/pixel-baseline.ts'
import { thumbnail } from '../../eval/thumbnail.ts'
import { throwsUserError } from '../user-error.ts'

type Colour = [r: number, g: number, b: number, a: number]

/** A square picture with a filled rectangle on transparent. */
function picture(side: number, colour: Colour, left = 0, top = 0, width = side, height = side): Uint8Array {
  const rgba = new Uint8Array(side * side * 4)
  for (let y = top; y < top + height; y++) for (let x = left; x < left + width; x++) rgba.set(colour, 4 * (y * side + x))
  return rgba
}

const set = (...entries: [concept: string, pixels: Uint8Array][]): PixelSet => ({
  concepts: entries.map(([concept]) => concept),
  read: (i) => entries[i]![1],
})

test('a thumbnail is cropped, centred and laid on white', (t) => {
  const red: Colour = [255, 0, 0, 255]
  const full = thumbnail(picture(32, red))
  t.is(full.length, 16 * 16 * 3)
  t.deepEqual([...full.slice(0, 3)], [1, 0, 0])
  t.deepEqual(thumbnail(picture(40, red, 7, 11, 16, 16)), full) // where it stood does not matter
  t.deepEqual(thumbnail(picture(8, red)), full) // nor does size, also when enlarged

  // A bar twice as wide as high: white above and below, red between.
  const bar = thumbnail(picture(32, red, 0, 3, 32, 16))
  const at = (x: number, y: number) => [...bar.slice((y * 16 + x) * 3, (y * 16 + x) * 3 + 3)]
  t.deepEqual(
    [at(0, 0), at(15, 3), at(0, 4), at(8, 11), at(8, 12)],
    [
      [1, 1, 1],
      [1, 1, 1],
      [1, 0, 0],
      [1, 0, 0],
      [1, 1, 1],
    ],
  )

  t.true(thumbnail(new Uint8Array(16 * 16 * 4)).every((value) => value === 1)) // nothing visible is white
  t.throws(() => thumbnail(new Uint8Array(12)), { instanceOf: RangeError })
})

test('cells average equal areas, and half transparent is half white', (t) => {
  const board = new Uint8Array(32 * 32 * 4).fill(255)
  for (let y = 0; y < 32; y++) for (let x = y % 2; x < 32; x += 2) board.set([0, 0, 0, 255], 4 * (y * 32 + x))
  t.true(thumbnail(board).every((value) => Math.abs(value - 0.5) < 1e-6))
  const glass = thumbnail(picture(16, [0, 0, 0, 102])) // alpha .4 on white: .6
  t.true(glass.every((value) => Math.abs(value - 0.6) < 1e-6))
})

test('concepts are ranked by their nearest reference', async (t) => {
  // Black from the left over `wide` of 16 columns, white beyond: two such pictures are the more alike the nearer their widths.
  const bar = (wide: number, ink = 0) => {
    const rgba = picture(16, [255, 255, 255, 255])
    for (let y = 0; y < 16; y++) for (let x = 0; x < wide; x++) rgba.set([ink, ink, ink, 255], 4 * (y * 16 + x))
    return rgba
  }
  // From a query of 8 columns: a's nearest reference 9 columns (in faint ink: contrast does not matter), b's 6, c's 2.
  const references = set(['a', bar(15)], ['b', bar(6)], ['c', bar(2)], ['a', bar(9, 128)])
  const baseline = await pixelBaseline(set(['a', bar(8)], ['b', bar(8)], ['c', bar(8)]), references)
  if (!baseline.available) return t.fail(baseline.reason)
  t.deepEqual([...baseline.ranks], [1, 2, 3])
  t.is(baseline.gallery, 3)
  t.is(baseline.metrics['image_to_text_R@1'], 1 / 3)
  t.is(baseline.metrics['image_to_text_R@5'], 1)
  t.is(baseline.metrics['text_to_image_R@1'], undefined)
  t.deepEqual(baseline.interval95['image_to_text_R@5'], [1, 1])
})

test('equal drawings of several concepts share the middle rank', async (t) => {
  const same = picture(16, [9, 9, 9, 255])
  const baseline = await pixelBaseline(set(['a', same]), set(['a', same], ['b', same], ['c', same], ['c', same]))
  if (!baseline.available) return t.fail(baseline.reason)
  t.deepEqual([...baseline.ranks], [2]) // 1 + ⌈2 tied concepts / 2⌉
})

test('without references there is a reason instead of a number', async (t) => {
  const dot = picture(16, [0, 0, 0, 255])
  const none = await pixelBaseline(set(['a', dot]), set())
  t.like(none, { available: false })
  t.regex((none as { reason: string }).reason, /no reference drawings/)
  const unseen = await pixelBaseline(set(['a', dot], ['x', dot]), set(['a', dot]))
  t.regex((unseen as { reason: string }).reason, /1 of 2 queries show concepts without a reference drawing/)
})

test('the hard subset asks only for what pixels get wrong and keeps the galleries', async (t) => {
  const task: RetrievalTask = {
    corpus: 'c',
    protocol: 'unseen-style/openmoji',
    language: 'zh',
    images: ['a', 'b', 'c', 'd'].map((id) => ({ id, source: { key: id, read: async () => new Uint8Array() } })),
    texts: ['0', '1', '2', '3', '4'],
    positives: [[0], [1], [2], [], [1, 2]], // image 3 is never asked for
  }
  const hard = hardSubset(task, [1, 3, 1])! // images 0, 1, 2 are the queries; only image 1 is hard
  t.is(hard.protocol, 'unseen-style/openmoji/hard')
  t.deepEqual(hard.imageQueries, [1])
  t.deepEqual(hard.textQueries, [1, 4])
  t.is(hard.images.length, 4)
  t.is(hard.texts.length, 5)
  t.is(hardSubset(task, [1, 1, 1]), null)
  t.deepEqual(hardSubset({ ...task, imageQueries: [2], textQueries: [2] }, [9])!.textQueries, [2])
  await throwsUserError(t, () => hardSubset(task, [1, 1]), { expected: /each of the 3 image queries/, got: '2' })
})
