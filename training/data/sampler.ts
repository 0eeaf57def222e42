import { permutation, random } from '../../base/random.ts'
import type { Sampler } from './draw.ts'
import type { TrainingSet } from './training-set.ts'
import { unpairedSampler } from './unpaired-sampler.ts'

/**
 * Draws batches as a pure function of (seed, step): every epoch is a fresh permutation, the incomplete last batch is left out.
 * Texts that belong to no image are drawn by themselves.
 */
export function sampler({ unpaired, ...set }: TrainingSet, batchSize: number, seed: number): Sampler {
  if (unpaired) return unpairedSampler({ ...set, unpaired }, batchSize, seed)
  const size = Math.min(batchSize, set.count)
  const batchesPerEpoch = Math.floor(set.count / size)
  let order: Uint32Array = new Uint32Array()
  let orderEpoch = -1
  return {
    batchesPerEpoch,
    draw(step) {
      const epoch = Math.floor(step / batchesPerEpoch)
      if (epoch !== orderEpoch) {
        order = permutation(set.count, random(seed, 1, epoch))
        orderEpoch = epoch
      }
      const from = (step % batchesPerEpoch) * size
      const images = order.slice(from, from + size)
      const next = random(seed, 2, step)
      const pick = (choices: number[]) => choices[Math.floor(next() * choices.length)]!
      const captions = Object.fromEntries(set.languages.map((language) => [language, images.map((image) => pick(set.captions[language]![image]!))]))
      return { epoch, images, captions, stream: (purpose) => random(seed, 3, purpose, step) }
    },
  }
}
