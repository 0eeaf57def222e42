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

/**
 * [B, B] with 1 where row's image and column's caption belong together: same image, same class or same text.
 * @param captions texts of the language itself, and of the one that teachers read for it
 */
export function positives(set: TrainingSet, images: Uint32Array, ...captions: Uint32Array[]): Float32Array {
  const size = images.length
  const result = new Float32Array(size * size)
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      if (set.classes[images[i]!] === set.classes[images[j]!] || captions.some((texts) => texts[i] === texts[j])) result[i * size + j] = 1
    }
  }
  return result
}
