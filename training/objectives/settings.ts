import { z } from 'zod'

/** What objectives can be told beyond their weight. */
export const objectiveSettings = z.object({
  crdAlpha: z.number().min(0).max(1).default(0).describe('crd: share of the true pairs in its targets (0: the teacher alone)'),
  smoothL1Beta: z.number().positive().optional().describe("smooth-l1: where square turns into absolute (default: 1/√(teacher's dimension))"),
  mfdKeep: z.number().gt(0).lt(1).default(0.25).describe("mfd: fraction of the student's image patches that stay visible"),
  classCentroids: z.int().positive().default(1).describe('class-embed: centroids of each class (1: its mean; more keep rare cases apart)'),
  classSamples: z.int().positive().default(100).describe('class-embed: images of each class that its centroids are made of'),
  classConfidence: z.boolean().default(false).describe('class-embed: weigh every image by its cosine to its centroid'),
  classScale: z.number().positive().default(1).describe('class-embed: factor of its cosines (1: the paper has no temperature)'),
})

export type ObjectiveSettings = z.output<typeof objectiveSettings>

/** The objective that each of them is for; NAME stands for NAME-image and NAME-text, too. */
export const listeners: Record<keyof ObjectiveSettings, string> = {
  crdAlpha: 'crd',
  smoothL1Beta: 'smooth-l1',
  mfdKeep: 'mfd',
  classCentroids: 'class-embed',
  classSamples: 'class-embed',
  classConfidence: 'class-embed',
  classScale: 'class-embed',
}

export const defaultObjectiveSettings: ObjectiveSettings = objectiveSettings.parse({})
