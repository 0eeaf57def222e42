import { z } from 'zod'

/** The settings of CDD. Defaults are filled in by shrinkSettingsOf, because those who do not shrink have no use for them. */
export const shrinkFlags = z.object({
  shrink: z
    .boolean()
    .default(false)
    .meta({ description: 'CDD: channels that turn out to be useless are taken out of the student, which begins at full size', group: 'Shrinking' }),
  lasso: z.number().min(0).optional().meta({
    description: 'shrink: pull on all channels, in learning rates a step; above 1 the loss hardly holds any (default: 1)',
    group: 'Shrinking',
  }),
  fade: z.int().positive().optional().meta({ description: 'shrink: steps in which a useless channel fades away (default: 100)', group: 'Shrinking' }),
  resetFrom: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .meta({ description: 'shrink: fraction of the steps before useless channels are looked for (default: 1/6)', group: 'Shrinking' }),
  resetEvery: z.int().positive().optional().meta({ description: 'shrink: steps from one look to the next (default: 25)', group: 'Shrinking' }),
  resetItems: z
    .int()
    .positive()
    .optional()
    .meta({ description: 'shrink: images, and texts, that must agree on what is useless (default: 32)', group: 'Shrinking' }),
  resetQueue: z
    .int()
    .positive()
    .optional()
    .meta({ description: "shrink: teacher's latest features that are looked through for neighbours (default: 2048)", group: 'Shrinking' }),
  resetNeighbours: z
    .int()
    .positive()
    .optional()
    .meta({ description: 'shrink: neighbours of each item that are compared with it (default: 2)', group: 'Shrinking' }),
  resetShare: z
    .number()
    .gt(0)
    .lt(1)
    .optional()
    .meta({ description: 'shrink: share of the channels that count as low for one item and neighbour (default: 0.5)', group: 'Shrinking' }),
})

/** The names of the flags but `shrink` itself. */
export const shrinkDetails = Object.keys(shrinkFlags.omit({ shrink: true }).shape) as (keyof ShrinkSettings)[]

export type ShrinkSettings = Required<Omit<z.output<typeof shrinkFlags>, 'shrink'>>

/**
 * Fills in the paper's numbers (arXiv 2303.09230), with three exceptions. Its λ of 0.004 belongs to another optimizer, and is also how fast useless
 * channels go: no loss resists there, so here they have a speed of their own and a run can be short. Its queue has 24,000 rows. And a batch of ours is
 * large: hardly a channel is low for all of it.
 */
export function shrinkSettingsOf(flags: z.output<typeof shrinkFlags>): ShrinkSettings {
  const {
    lasso = 1,
    fade = 100,
    resetFrom = 1 / 6,
    resetEvery = 25,
    resetItems = 32,
    resetQueue = 2048,
    resetNeighbours = 2,
    resetShare = 0.5,
  } = flags
  return { lasso, fade, resetFrom, resetEvery, resetItems, resetQueue, resetNeighbours, resetShare }
}
