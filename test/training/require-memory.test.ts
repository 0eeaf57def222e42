import test from 'ava'
import { towerActivations } from '../../models/activations.ts'
import { requireMemory } from '../../training/require-memory.ts'
import { largestBatch, type StepLoad, stepMemory } from '../../training/step-memory.ts'
import { smallModel } from '../export/small-model.ts'
import { tinyConfig } from '../models/tiny.ts'
import { throwsUserError } from '../user-error.ts'

const load: StepLoad = { config: tinyConfig, parameters: 1000, languages: 2, tokens: 3, keptPatches: 9 }

test('activations of an image and a text, by hand', (t) => {
  // Image, D = V = 8, H = 32, h = 2, T = 10: a whole layer 10·32 + 10·(32 + 64 + 20), and one with a single query 10·32 + 1·(32 + 64 + 20).
  // Text, D = V = 12, H = 24, h = 3, T = 3: 3·48 + (48 + 48 + 9).
  t.deepEqual(towerActivations(tinyConfig, { textLength: 3 }), { image: 320 + 1160 + 320 + 116, text: 144 + 105 })
})

test('memory grows with the micro-batch, and with the square of the batch', (t) => {
  t.is(stepMemory(load, 2), 4 * (2.4 * 2 * (1916 + 3 * 144 + 2 * 249) + 8 * 2 * 4 + 5000))
  const grown = stepMemory(load, 4096, 256) - stepMemory(load, 2048, 256)
  t.true(Math.abs(grown - 4 * 16 * (4096 ** 2 - 2048 ** 2)) < 1, `${grown}`)
})

test('the largest batch fits, and one more does not', (t) => {
  for (const bytes of [2e5, 1e6, 1e9]) {
    const batch = largestBatch(load, bytes)
    t.true(stepMemory(load, batch) <= bytes && stepMemory(load, batch + 1) > bytes)
    const inParts = largestBatch(load, bytes, 4)
    t.is(inParts % 4, 0)
    t.true(stepMemory(load, inParts, 4) <= bytes && stepMemory(load, inParts + 4, 4) > bytes)
  }
  t.is(largestBatch(load, 1), 0)
})

test('a batch that cannot fit is refused with the largest that does', async (t) => {
  const { model, tokenizer } = await smallModel(t)
  const set = {
    count: 1e6,
    images: Array.from({ length: 2 }, (_, i) => ({ key: `${i}`, read: async () => new Uint8Array() })),
    texts: ['a b'],
    languages: ['en'],
  }
  const settings = { batchSize: 8192, device: 'cpu', keepPatches: 1, unmaskedTail: 0 } as const
  const check = (more: object, limit: number) => requireMemory({ ...settings, ...more }, set, { model, tokenizer }, limit)
  const { fields } = await throwsUserError(t, () => check({}, 1e9), { where: '--batch-size 8192', expected: /1\.0 GB/, hint: /--micro-batch/ })
  const largest = Number(/--batch-size (\d+)/.exec(fields.hint)![1])
  t.true(largest > 0 && largest < 8192)
  t.notThrows(() => check({ batchSize: largest }, 1e9))
  await throwsUserError(t, () => check({ batchSize: largest + 1 }, 1e9))
  t.notThrows(() => check({ microBatch: 64 }, 4e9))
  await throwsUserError(t, () => check({ microBatch: 64 }, 1e9), { where: '--batch-size 8192 --micro-batch 64' })
  await throwsUserError(t, () => check({ microBatch: 4096 }, 1e8), { hint: /--micro-batch \d+\./ })
  await throwsUserError(t, () => check({}, 1000), { hint: /--student/ })
  t.notThrows(() => check({ device: 'webgpu' }, 1e9), "a device's memory is its own")
  t.notThrows(() => requireMemory(settings, { ...set, count: 100 }, { model, tokenizer }, 1e9), 'no set has more than it has')
})
