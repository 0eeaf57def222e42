import { z } from 'zod'

/** What CDD can be told; the flags of stage 1. Defaults are filled in by capacityOf, because those who do not shrink have no use for them. */
export const capacitySettings = z.object({
  shrink: z.boolean().default(false).describe('CDD: channels that turn out to be useless are taken out of the student, which begins at full size'),
  lasso: z
    .number()
    .min(0)
    .optional()
    .describe('shrink: pull on all channels, in learning rates a step; above 1 the loss hardly holds any (default: 1)'),
  fade: z.int().positive().optional().describe('shrink: steps in which a useless channel fades away (default: 100)'),
  resetFrom: z.number().min(0).max(1).optional().describe('shrink: fraction of the steps before useless channels are looked for (default: 1/6)'),
  resetEvery: z.int().positive().optional().describe('shrink: steps from one look to the next (default: 25)'),
  resetQueue: z.int().positive().optional().describe("shrink: teacher's latest features that are looked through for neighbours (default: 2048)"),
  resetNeighbours: z.int().positive().optional().describe('shrink: neighbours of each item that are compared with it (default: 2)'),
  resetShare: z.number().gt(0).lt(1).optional().describe('shrink: share of the channels that count as low for one item and neighbour (default: 0.5)'),
})

export type CapacitySettings = Required<Omit<z.output<typeof capacitySettings>, 'shrink'>>

/**
 * The paper's numbers (arXiv 2303.09230, §4.2), but for the lasso, whose 0.004 belongs to another optimizer, and the queue, which is 24,000 there. Its λ is also how fast useless
 * channels go; there no loss resists, so here they have a speed of their own and a run can be short.
 */
export function capacityOf(given: z.output<typeof capacitySettings>): CapacitySettings {
  const { lasso = 1, fade = 100, resetFrom = 1 / 6, resetEvery = 25, resetQueue = 2048, resetNeighbours = 2, resetShare = 0.5 } = given
  return { lasso, fade, resetFrom, resetEvery, resetQueue, resetNeighbours, resetShare }
}
