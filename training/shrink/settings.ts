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
  resetItems: z.int().positive().optional().describe('shrink: images, and texts, that must agree on what is useless (default: 32)'),
  resetQueue: z.int().positive().optional().describe("shrink: teacher's latest features that are looked through for neighbours (default: 2048)"),
  resetNeighbours: z.int().positive().optional().describe('shrink: neighbours of each item that are compared with it (default: 2)'),
  resetShare: z.number().gt(0).lt(1).optional().describe('shrink: share of the channels that count as low for one item and neighbour (default: 0.5)'),
})

export type CapacitySettings = Required<Omit<z.output<typeof capacitySettings>, 'shrink'>>

/**
 * Fills in the paper's numbers (arXiv 2303.09230), with three exceptions. Its λ of 0.004 belongs to another optimizer, and is also how fast useless channels go: no loss resists
 * there, so here they have a speed of their own and a run can be short. Its queue has 24,000 rows. And a batch of ours is large: hardly a channel is low for all of it.
 */
export function capacityOf(given: z.output<typeof capacitySettings>): CapacitySettings {
  const {
    lasso = 1,
    fade = 100,
    resetFrom = 1 / 6,
    resetEvery = 25,
    resetItems = 32,
    resetQueue = 2048,
    resetNeighbours = 2,
    resetShare = 0.5,
  } = given
  return { lasso, fade, resetFrom, resetEvery, resetItems, resetQueue, resetNeighbours, resetShare }
}
