import { truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { random } from '../../base/random.ts'
import { applyAugmentation, drawAugmentation } from '../../corpora/augment.ts'
import { type BatchItem, batchLoader } from '../../corpora/batch-loader.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const size = 12
const count = 20
const area = 3 * size * size
const image = (i: number) => {
  const next = random(77, i)
  return Uint8Array.from({ length: size * size * 4 }, () => 256 * next())
}

const makeCache = async (t: ExecutionContext) => {
  const dir = await temporaryFolder(t)
  const file = join(dir, 'pixels.rgba')
  await writeFile(file, Buffer.concat(Array.from({ length: count }, (_, i) => image(i))))
  return { file, size, count }
}

/** Step `step`'s items; batches differ in length. */
const itemsOf = (step: number): BatchItem[] =>
  Array.from({ length: 4 + (step % 3) }, (_, i) => ({
    index: (7 * step + i) % count,
    augmentation: drawAugmentation(random(1, step, i), { name: 'style', strength: 1 }),
  }))

const expected = (items: BatchItem[]) => {
  const out = new Float32Array(items.length * area)
  items.forEach(({ index, augmentation }, i) => applyAugmentation(image(index), size, augmentation, out, i * area))
  return out
}

for (const workers of [1, 2]) {
  test(`batches come in order and depend on their request alone, ${workers} workers`, async (t) => {
    const loader = batchLoader({ cache: await makeCache(t), workers, prefetch: 2 })
    t.teardown(loader.close)
    const steps = 12
    loader.request(itemsOf(0))
    loader.request(itemsOf(1))
    for (let step = 0; step < steps; step++) {
      if (step + 2 < steps) loader.request(itemsOf(step + 2))
      const batch = await loader.next()
      t.deepEqual(batch, expected(itemsOf(step)))
      if (step % 4 !== 3) loader.release(batch) // a batch that is never given back costs memory, nothing else
    }
  })
}

test('batches may be asked for before they are made, and all at once', async (t) => {
  const loader = batchLoader({ cache: await makeCache(t), prefetch: 1 })
  t.teardown(loader.close)
  for (let step = 0; step < 6; step++) loader.request(itemsOf(step))
  const batches = await Promise.all(Array.from({ length: 6 }, () => loader.next()))
  batches.forEach((batch, step) => t.deepEqual(batch, expected(itemsOf(step))))
})

test('released memory is used again', async (t) => {
  const loader = batchLoader({ cache: await makeCache(t), prefetch: 1 })
  t.teardown(loader.close)
  loader.request(itemsOf(0))
  const batch = await loader.next()
  loader.release(batch)
  loader.release(batch)
  loader.request(itemsOf(3))
  t.is(batch.length, 0) // its memory went to the worker
  t.deepEqual(await loader.next(), expected(itemsOf(3)))
})

test('a failing batch rejects with its cause, the next one is unharmed', async (t) => {
  const cache = await makeCache(t)
  await truncate(cache.file, 10 * size * size * 4)
  const loader = batchLoader({ cache })
  t.teardown(loader.close)
  loader.request([{ index: 15, augmentation: {} }])
  loader.request([{ index: 5, augmentation: {} }])
  await t.throwsAsync(loader.next(), { message: /batch 0 failed: .*pixels\.rgba ends inside image 15/ })
  t.deepEqual(await loader.next(), expected([{ index: 5, augmentation: {} }]))
})

test('a missing cache file, a wrong index, a missing request and a closed loader say so', async (t) => {
  const cache = await makeCache(t)
  const lost = batchLoader({ cache: { ...cache, file: `${cache.file}.gone` } })
  lost.request(itemsOf(0))
  await t.throwsAsync(lost.next(), { message: /a worker failed: .*ENOENT/ })
  await lost.close()

  const loader = batchLoader({ cache })
  t.throws(() => loader.request([{ index: count, augmentation: {} }]), { message: /image 20 of 20/ })
  await t.throwsAsync(loader.next(), { message: /without a request/ })
  loader.request(itemsOf(0))
  const pending = loader.next()
  const settled = t.throwsAsync(pending, { message: /closed/ })
  await loader.close()
  await settled
})
