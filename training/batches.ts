import type { Params } from '../engine/params.ts'
import type { MicroBatch } from '../engine/train.ts'
import { type BatchRunner, type BatchSource, batchSizes } from './batch.ts'
import { cachedBatches } from './cached-batches.ts'
import type { Draw } from './data/draw.ts'
import { sampler } from './data/sampler.ts'
import type { TrainingSet } from './data/training-set.ts'
import { wholeBatches } from './whole-batches.ts'

/** The batches of a source, each with what computes its gradients. */
export interface Batches extends Pick<BatchRunner, 'shape' | 'waited' | 'close'> {
  batch(step: number, micro: number): MicroBatch
}

/** Draws batches, which go through one compiled step, or through the towers in micro-batches where settings ask for these. */
export function openBatches(source: BatchSource, params: Params, trained: string[]): Batches {
  const { set, pixels, settings } = source
  const { batch, micro } = batchSizes(settings, set.count)
  const draws = sampler(set, batch, settings.seed)
  const open = micro < batch ? cachedBatches : wholeBatches
  const { shape, run, waited, close } = open(source, draws, params, trained)
  return {
    shape,
    batch(step, micro) {
      const index = step * settings.accumulate + micro
      const draw = draws.draw(index)
      const masked = pixels !== undefined && settings.keepPatches < 1 && step < settings.steps * (1 - settings.unmaskedTail)
      return { contents: () => contentsOf(set, draw), run: (params) => run({ index, draw, masked }, params) }
    },
    waited,
    close,
  }
}

/** Of a set without images the texts. */
function contentsOf({ images, texts }: TrainingSet, draw: Draw): string[] {
  if (images.length > 0) return Array.from(draw.images, (i) => images[i]!.key)
  return Object.values(draw.captions).flatMap((rows) => Array.from(rows, (i) => texts[i]!))
}
