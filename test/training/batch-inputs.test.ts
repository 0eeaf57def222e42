import test from 'ava'
import { permutation } from '../../base/random.ts'
import { patchCount } from '../../models/vision.ts'
import { batchInputs } from '../../training/batch-inputs.ts'
import { sampler } from '../../training/data/sampler.ts'
import type { TrainingSet } from '../../training/data/training-set.ts'
import { captions, smallModel } from '../export/small-model.ts'

/** Six images of four classes; two of them share a caption in en. Captions are indices into the texts. */
const classes = Int32Array.of(0, 1, 0, 2, 3, 2)
const set: TrainingSet = {
  count: 6,
  images: Array.from({ length: 6 }, (_, i) => ({ key: `${i}`, read: async () => new Uint8Array() })),
  classes,
  labels: classes,
  labelCount: 4,
  captions: { en: [[0], [1], [4], [5], [1], [6]], zh: [[2], [3], [2], [3], [2], [3]] },
  texts: captions,
  languages: ['en', 'zh'],
  dropped: 0,
}

async function inputs(t: Parameters<typeof smallModel>[0], settings: { mfdKeep?: number; keepPatches?: number }, weights: Record<string, number>) {
  const { model, tokenizer } = await smallModel(t)
  const train = { batchSize: 4, seed: 3, steps: 5, accumulate: 1, keepPatches: 1, ramp: 0, ...settings }
  const objectiveSettings = { mfdKeep: 0.25, ...settings }
  const source = { set, config: model.config, tokenizer, weights, settings: train, objectiveSettings }
  const draws = sampler(set, 4, 3)
  const made = batchInputs(source as unknown as Parameters<typeof batchInputs>[0], draws)
  return { patches: patchCount(model.config), of: (step: number, masked: boolean) => made.of(draws.draw(step), masked, new Float32Array()) }
}

test('patches that mfd leaves visible: distinct, of every image its own, new at every step, as many as mfdKeep says', async (t) => {
  const { patches, of } = await inputs(t, { mfdKeep: 0.5 }, { mfd: 1 })
  const [first, second] = [(await of(0, false)).mask_keep as Int32Array, (await of(1, false)).mask_keep as Int32Array]
  t.is(first.length, 4 * (patches / 2))
  const rows = (all: Int32Array) => [0, 1, 2, 3].map((i) => [...all.subarray((i * patches) / 2, ((i + 1) * patches) / 2)])
  for (const row of [...rows(first), ...rows(second)]) {
    t.is(new Set(row).size, row.length)
    t.true(row.every((patch) => patch >= 0 && patch < patches))
  }
  t.is(new Set([...rows(first), ...rows(second)].map(String)).size, 8, 'no two alike')
  t.deepEqual((await of(0, false)).mask_keep, first, 'the same step again')
})

test('patches dropped for all objectives are other than those of mfd, and only there when asked for', async (t) => {
  const { patches, of } = await inputs(t, { keepPatches: 0.25 }, { mfd: 1, task: 1 })
  const { keep, mask_keep } = await of(2, true)
  t.is(keep!.length, patches)
  t.notDeepEqual(keep, mask_keep)
  t.is((await of(2, false)).keep, undefined)
  const plain = await inputs(t, {}, { task: 1 })
  t.is((await plain.of(2, false)).mask_keep, undefined)
})

test('an epoch shows every image at most once, the next in another order', (t) => {
  const draws = sampler({ ...set, count: 6 }, 2, 5)
  t.is(draws.batchesPerEpoch, 3)
  const epoch = (from: number) => [0, 1, 2].flatMap((i) => [...draws.draw(from + i).images])
  t.deepEqual(epoch(0).toSorted(), [0, 1, 2, 3, 4, 5])
  t.notDeepEqual(epoch(0), epoch(3))
  t.deepEqual(epoch(3).toSorted(), [...permutation(6, () => 0.5)].toSorted())
})
