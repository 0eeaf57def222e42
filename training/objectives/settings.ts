import { z } from 'zod'

/** Settings of single objectives beyond their weight. */
export const objectiveSettings = z.object({
  crdAlpha: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .meta({ description: 'crd: share of the true pairs in its targets (0: the teacher alone)', group: 'Objectives' }),
  smoothL1Beta: z
    .number()
    .positive()
    .optional()
    .meta({ description: "smooth-l1: where square turns into absolute (default: 1/√(teacher's dimension))", group: 'Objectives' }),
  mfdKeep: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.25)
    .meta({ description: "mfd: fraction of the student's image patches that stay visible", group: 'Objectives' }),
  classCentroids: z
    .int()
    .positive()
    .default(1)
    .meta({ description: 'class-embed: centroids of each class (1: its mean; more keep rare cases apart)', group: 'Objectives' }),
  classSamples: z
    .int()
    .positive()
    .default(100)
    .meta({ description: 'class-embed: images of each class that its centroids are made of', group: 'Objectives' }),
  classConfidence: z
    .boolean()
    .default(false)
    .meta({ description: 'class-embed: weigh every image by its cosine to its centroid', group: 'Objectives' }),
  classScale: z
    .number()
    .positive()
    .default(1)
    .meta({ description: 'class-embed: factor of its cosines (1: the paper has no temperature)', group: 'Objectives' }),
})

export type ObjectiveSettings = z.output<typeof objectiveSettings>

/** The objective that each setting belongs to; NAME stands for NAME-image and NAME-text, too. */
export const settingObjective: Record<keyof ObjectiveSettings, string> = {
  crdAlpha: 'crd',
  smoothL1Beta: 'smooth-l1',
  mfdKeep: 'mfd',
  classCentroids: 'class-embed',
  classSamples: 'class-embed',
  classConfidence: 'class-embed',
  classScale: 'class-embed',
}

export const defaultObjectiveSettings: ObjectiveSettings = objectiveSettings.parse({})
