import test from 'ava'
import { positivesOf } from '../../../training/data/positives.ts'
import { sampler } from '../../../training/data/sampler.ts'
import type { TrainingSet } from '../../../training/data/training-set.ts'

/** @param captions by language and image, as indices into texts */
function setOf(classes: number[], captions: Record<string, number[][]>): TrainingSet {
  const ids = Int32Array.from(classes)
  const images = classes.map((_, i) => ({ key: `${i}`, read: async () => new Uint8Array() }))
  const texts = Array.from({ length: 20 }, (_, i) => `text ${i}`)
  return { count: classes.length, images, classes: ids, labels: ids, labelCount: 4, captions, texts, languages: Object.keys(captions), dropped: 0 }
}

/** One string a row. */
function positives(set: TrainingSet, images: number[], captions: Record<string, number[]>, languages = Object.keys(captions)): string[] {
  const drawn = Object.fromEntries(Object.entries(captions).map(([language, texts]) => [language, Uint32Array.from(texts)]))
  const matrix = positivesOf(set)({ images: Uint32Array.from(images), captions: drawn }, languages)
  return images.map((_, i) => matrix.slice(images.length * i, images.length * (i + 1)).join(''))
}

test('the same image, class or text; worked out by hand', (t) => {
  const set = setOf([0, 1, 0, 2, 3, 2], { en: [[0], [1], [4], [5], [1, 7], [6]], zh: [[8], [9], [10], [11], [8], [12]] })
  // Images 0 and 2 are of one class, 1 and 4 drew one caption.
  t.deepEqual(positives(set, [0, 1, 2, 4], { en: [0, 1, 4, 1] }), ['1010', '0101', '1010', '0101'])
  t.deepEqual(positives(set, [0, 3, 2, 4], { en: [0, 5, 4, 7] }), ['1010', '0100', '1010', '0001'])
  // With a pivot teachers read another language, in which 0 and 4 say the same: their targets are one and the same. Image 2 has image 0's captions.
  t.deepEqual(positives(set, [0, 1, 2, 4], { en: [0, 1, 4, 7], zh: [8, 9, 10, 8] }), ['1011', '0100', '1011', '1101'])
})

test("an image's own caption is its positive, whichever image's row drew it", (t) => {
  const set = setOf([0, 1, 2, 0], { en: [[0, 1], [1, 2], [2, 3], [4]], zh: [[1], [5], [6], [7]] })
  // Rows drew 0, 1 and 3: text 1, of image 1's row, is image 0's caption too. Text 0 is not image 1's.
  t.deepEqual(positives(set, [0, 1, 2], { en: [0, 1, 3] }), ['110', '010', '001'])
  t.deepEqual(positives(set, [0, 1, 2], { en: [0, 2, 3] }), ['100', '010', '011'])
  // Image 3 has image 0's class, and so its captions.
  t.deepEqual(positives(set, [3, 1, 2], { en: [4, 1, 3] }), ['110', '010', '001'])
  // Text 1 is said of images 0 and 1 in en, in zh of image 0 alone.
  t.deepEqual(positives(set, [0, 1, 2], { zh: [1, 5, 6] }), ['100', '010', '001'])
  // A pivot's texts count as the language's own do.
  t.deepEqual(positives(set, [0, 1, 2], { zh: [1, 5, 6], en: [0, 1, 3] }), ['110', '010', '001'])
})

test('where no text is of two classes, batches are as classes alone have it', (t) => {
  const classes = [0, 1, 2, 0, 3, 1]
  const set = setOf(classes, { en: classes.map((id) => [3 * id, 3 * id + 1, 3 * id + 2]) })
  const draws = sampler(set, 4, 7)
  for (let step = 0; step < 5; step++) {
    const { images, captions } = draws.draw(step)
    const same = Array.from(images, (row) => Array.from(images, (column) => Number(classes[row] === classes[column])).join(''))
    t.deepEqual(positives(set, [...images], { en: [...captions.en!] }), same)
  }
})
