import { z } from 'zod'
import { trainSettings } from '../settings.ts'

const { weightDecay, clipNorm, seed, threads, logEvery, checkpointEvery, validateEvery, tensorboard } = trainSettings.shape
const share = z.number().min(0).max(1)

/** How heads between two frozen towers are trained. */
export const bridgeSettings = z.object({
  hidden: z.int().min(0).default(512).meta({ description: 'width of the MLP beside the linear image head; 0: linear alone', group: 'Model' }),
  textHidden: z.int().min(0).default(1024).meta({
    description: 'width of an MLP behind the text tower; 0: texts stay as the tower gives them',
    group: 'Model',
  }),
  steps: trainSettings.shape.steps.default(300),
  batchSize: trainSettings.shape.batchSize.default(512).meta({ description: 'pairs a step' }),
  learningRate: trainSettings.shape.learningRate.default(2e-3),
  warmup: trainSettings.shape.warmup.default(50),
  weightDecay: weightDecay.unwrap().default(0.2),
  clipNorm,
  temperature: z.number().positive().default(0.05).meta({ description: 'temperature of InfoNCE', group: 'Objectives' }),
  meanWeight: z.number().min(0).default(1).meta({ description: "weight of 1 − cosine to the mean of the concept's texts", group: 'Objectives' }),
  dropout: z.number().min(0).lt(1).default(0.3).meta({ description: 'dropout of features', group: 'Training' }),
  hiddenDropout: z.number().min(0).lt(1).default(0.5).meta({ description: "dropout of the MLPs' hidden layers", group: 'Training' }),
  picturesShare: share.default(0.15).meta({ description: 'part of a batch from --pictures', group: 'Training' }),
  classesShare: share.default(0.2).meta({ description: 'part of a batch from --prototypes, as pseudo-photographs', group: 'Training' }),
  firstWeight: z
    .number()
    .positive()
    .default(1)
    .meta({ description: "how often a concept's first caption is drawn, relative to its others", group: 'Training' }),
  keywordWeight: z.number().min(0).default(2).meta({ description: 'the same of a keyword', group: 'Training' }),
  otherWeight: z
    .number()
    .min(0)
    .default(0.4)
    .meta({ description: 'how often a text in --other-languages is drawn, relative to one in --languages', group: 'Training' }),
  logitRise: z.number().positive().default(12).meta({ description: "rise of a class's logit in its pseudo-photographs", group: 'Training' }),
  ridge: z
    .number()
    .min(0)
    .default(5)
    .meta({ description: 'part of the mean variance that pseudo-photographs add to every direction', group: 'Training' }),
  noise: z.number().min(0).default(1).meta({ description: 'factor of the noise of pseudo-photographs', group: 'Training' }),
  classWeight: z
    .union([z.literal('auto'), z.number().min(0)])
    .default('auto')
    .meta({ description: 'weight of the class term; auto: the best on validation', group: 'Objectives', usual: true }),
  classTemperature: z
    .number()
    .positive()
    .default(2)
    .meta({ description: "temperature of the classifier's logits in the class term", group: 'Objectives' }),
  seed,
  threads,
  logEvery,
  checkpointEvery,
  validateEvery: validateEvery.unwrap().default(100),
  tensorboard,
})

export type BridgeSettings = z.output<typeof bridgeSettings>
