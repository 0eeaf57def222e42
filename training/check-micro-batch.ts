import { UserError } from '../base/errors.ts'
import type { Weights } from './objectives/objective.ts'
import { objectives } from './objectives/table.ts'
import type { TrainSettings } from './settings.ts'

/**
 * What goes through the towers in micro-batches: objectives then see embeddings alone.
 * @throws UserError for a micro-batch that does not divide the batch, objectives that look into the towers or need a pass of their own, and teachers that run at every step
 */
export function checkMicroBatch(
  { microBatch, batchSize, variants }: Pick<TrainSettings, 'microBatch' | 'batchSize'> & { variants?: number },
  weights: Weights,
): void {
  if (microBatch === undefined) return
  const where = `--micro-batch ${microBatch}`
  if (batchSize % microBatch !== 0) {
    const divisors = Array.from({ length: batchSize }, (_, i) => i + 1).filter((size) => batchSize % size === 0)
    const near = divisors.reduce((best, size) => (Math.abs(size - microBatch) < Math.abs(best - microBatch) ? size : best))
    throw new UserError({ where, expected: `a divisor of the batch size, ${batchSize}`, got: `${microBatch}`, hint: `The nearest is ${near}.` })
  }
  const guilty = Object.keys(weights).find((name) => objectives[name]!.needs.some(isInside))
  if (guilty) {
    const hint = `Leave ${guilty} out, or take --accumulate in its place: each of its batches has its own negatives.`
    throw new UserError({ where, expected: 'objectives of embeddings, which are all that is kept of a micro-batch', got: guilty, hint })
  }
  if (variants === 0) {
    const hint = 'Store the features of --variants 1 or more.'
    throw new UserError({
      where,
      expected: "the teacher's features stored, because pixels are there a micro-batch at a time",
      got: '--variants 0',
      hint,
    })
  }
}

/** Whether more is needed of a tower than embeddings of whole images and texts. */
function isInside(need: string): boolean {
  return need === 'masked-image' || /^(hidden|attention|gates)-/.test(need)
}
