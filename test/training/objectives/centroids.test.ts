import test from 'ava'
import { classCentroids } from '../../../training/objectives/centroids.ts'
import { close, gaussian } from '../../engine/oracle.ts'
import { unitRows } from '../../models/tiny.ts'
import { throwsUserError } from '../../user-error.ts'

const all = { k: 1, samples: 100, seed: 1 }

/** Rows as a store of features gives them. */
const reading = (embeds: Float32Array, dim: number) => (images: Uint32Array) =>
  Float32Array.from(Array.from(images).flatMap((image) => Array.from(embeds.subarray(image * dim, (image + 1) * dim))))

test('one centroid a class is the direction of its mean', (t) => {
  const embeds = Float32Array.from([1, 0, 0, 1, 0.6, 0.8, -1, 0])
  const { count, rows, target, confidence } = classCentroids(reading(embeds, 2), 2, Int32Array.from([0, 0, 1, 1]), all)
  t.is(count, 2)
  const half = Math.SQRT1_2
  // Class 1: (−0.4, 0.8)/|…| = (−1, 2)/√5.
  close(t, rows, [half, half, -1 / Math.sqrt(5), 2 / Math.sqrt(5)], 1e-6, 'rows')
  t.deepEqual([...target], [0, 0, 1, 1])
  close(t, confidence, [half, half, 1 / Math.sqrt(5), 1 / Math.sqrt(5)], 1e-6, 'confidence')
})

test('confidence is never below 0', (t) => {
  const embeds = Float32Array.from([1, 0, 0.6, 0.8, 0.6, -0.8, -1, 0])
  const { confidence } = classCentroids(reading(embeds, 2), 2, Int32Array.from([0, 0, 0, 0]), all)
  t.true(confidence.every((value) => value >= 0))
  t.is(confidence[3], 0)
})

test('k centroids find k clusters, and images their nearest', (t) => {
  // Three bundles around the axes, shuffled among two classes.
  const bundles = Array.from({ length: 60 }, (_, i) => {
    const noise = gaussian(3, 4, i)
    return [0, 1, 2].map((axis) => (axis === i % 3 ? 1 : 0) + 0.05 * noise[axis]!)
  })
  const embeds = unitRows(Float32Array.from(bundles.flat()), 3)
  const classes = Int32Array.from(bundles, (_, i) => (i % 3 === 2 ? 1 : 0))
  const { count, rows, target, confidence } = classCentroids(reading(embeds, 3), 3, classes, { ...all, k: 2 })
  t.true(count === 4)
  t.is(
    new Set(bundles.map((_, i) => (i % 3 === 2 ? -1 : `${i % 3}:${target[i]}`))).size,
    3,
    'each bundle of class 0 has one centroid, class 1 is apart',
  )
  t.true(confidence.every((value) => value > 0.95))
  for (let i = 0; i < count; i++) t.true(Math.abs(Math.hypot(...rows.subarray(3 * i, 3 * i + 3)) - 1) < 1e-5)
})

test('a class has at most as many centroids as distinct images', (t) => {
  const embeds = Float32Array.from([1, 0, 1, 0, 0, 1, 0, 1, 0.6, 0.8])
  const { count, target } = classCentroids(reading(embeds, 2), 2, Int32Array.from([0, 0, 0, 0, 1]), { ...all, k: 16 })
  t.is(count, 3) // two directions, and one image alone
  t.is(target[0], target[1])
  t.is(target[2], target[3])
  t.not(target[0], target[2])
})

test('means are taken over a sample of large classes; the rest is assigned to them', (t) => {
  const embeds = unitRows(gaussian(400, 5), 4)
  const classes = new Int32Array(100)
  const few = classCentroids(reading(embeds, 4), 4, classes, { ...all, samples: 10 })
  t.is(few.target.length, 100)
  t.notDeepEqual(few.rows, classCentroids(reading(embeds, 4), 4, classes, all).rows)
  t.deepEqual(few, classCentroids(reading(embeds, 4), 4, classes, { ...all, samples: 10 }), 'the same seed, the same sample')
  t.notDeepEqual(few.rows, classCentroids(reading(embeds, 4), 4, classes, { ...all, samples: 10, seed: 2 }).rows)
})

test('without a class column there is nothing to average', async (t) => {
  await throwsUserError(t, () => classCentroids(reading(unitRows(gaussian(6, 6), 2), 2), 2, Int32Array.from([0, 1, 2]), all), {
    where: /class-embed/,
    got: /3 images, no two of one class/,
  })
})
