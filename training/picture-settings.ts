import { z } from 'zod'

/** Which pictures are learnt beside the corpus; their captions are not read. */
export const pictureSettings = z.object({
  pictures: z.string().optional().meta({
    description: 'pictures that are learnt beside the corpus, without captions: icons (of open sets), a .csv, .tsv or .jsonl file, or a folder',
    group: 'Input',
    path: 'one',
  }),
})

/** How stage 1 learns them. */
export const pictureShareSettings = z.object({
  pictureShare: z
    .number()
    .min(0)
    .lt(1)
    .default(0)
    .meta({ description: "part of a step's loss that --pictures have (0: none are learnt)", group: 'Training' }),
  pictureBatch: z.int().min(2).default(128).meta({ description: 'pictures without captions a step', group: 'Training' }),
  pictureObjective: z.string().default('fd-image:4').meta({
    description:
      'objectives of pictures without captions, with their weights; for those of images and texts, texts of the pool are drawn beside them',
    group: 'Objectives',
  }),
  pictureVariants: z.int().positive().optional().meta({
    description: 'augmented versions of every picture without captions that the teacher embeds once (default: --variants)',
    group: 'Teacher',
  }),
})

export type PictureSettings = z.output<typeof pictureSettings>
export type PictureShareSettings = z.output<typeof pictureShareSettings>
