import { z } from 'zod'

/** Which texts without images there are: the same for all stages of a run, so that their features are made once. */
export const poolSettings = z.object({
  texts: z.array(z.string()).optional().meta({
    description: 'files of texts without images that are learnt beside the shipped ones: NAME.LANGUAGE.txt, .csv, .tsv, .jsonl',
    group: 'Input',
    usual: true,
    path: 'list',
  }),
  textLimit: z
    .int()
    .positive()
    .optional()
    .meta({ description: 'texts without images at most (default: all); rare languages lose less', group: 'Input' }),
})

/** How a stage learns them. */
export const textShareSettings = z.object({
  textShare: z
    .number()
    .min(0)
    .lt(1)
    .default(0)
    .meta({ description: "part of a step's loss that texts without images have (0: none are learnt)", group: 'Training' }),
  textBatch: z.int().min(32).default(512).meta({ description: 'texts without images a step', group: 'Training' }),
  textObjective: z
    .string()
    .default('fd-text:4,rkd-text:4')
    .meta({ description: 'objectives of texts without images, with their weights', group: 'Objectives' }),
})

export type PoolSettings = z.output<typeof poolSettings>
export type TextShareSettings = z.output<typeof textShareSettings>
