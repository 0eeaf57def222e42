import { z } from 'zod'

/** How a model is trained: the part of a command's flags that every stage shares. */
export const trainSettings = z.object({
  steps: z.int().positive().meta({ description: 'optimizer steps', group: 'Training', usual: true }),
  batchSize: z.int().min(2).meta({ description: 'images a step; each comes with one caption in every language', group: 'Training' }),
  learningRate: z.number().positive().meta({ description: 'peak learning rate (warm-up, then cosine to 0)', group: 'Training' }),
  warmup: z.int().min(0).meta({ description: 'warm-up steps, at most half of the steps', group: 'Training' }),
  weightDecay: z.number().min(0).meta({ description: 'AdamW decay of matrices', group: 'Training' }).default(0.1),
  clipNorm: z.number().positive().meta({ description: 'gradients are scaled down to this global norm', group: 'Training' }).default(1),
  microBatch: z.int().positive().optional().meta({
    description:
      'images that go through the towers at once: memory is that of so many, negatives and gradients are of the whole batch (default: all)',
    group: 'Training',
    decides: 'results',
  }),
  accumulate: z
    .int()
    .positive()
    .meta({ description: 'batches averaged into one step, each with negatives of its own', group: 'Training' })
    .default(1),
  keepPatches: z
    .number()
    .gt(0)
    .max(1)
    .meta({ description: 'fraction of image patches that enter a step (faster; a regulariser)', group: 'Training' })
    .default(1),
  unmaskedTail: z.number().min(0).max(1).meta({ description: 'last part of the steps that sees whole images', group: 'Training' }).default(0.15),
  augmentation: z.enum(['none', 'mild', 'style']).meta({ description: 'how images are varied', group: 'Training' }).default('style'),
  strength: z.number().min(0).max(1).meta({ description: 'strength of the augmentation at its full', group: 'Training' }).default(1),
  seed: z.int().meta({ description: 'seed of everything random', group: 'Training' }).default(1),
  engine: z.enum(['onnx', 'tfjs']).meta({ description: 'compiled step, or the same step eagerly on tfjs', group: 'Machine' }).default('onnx'),
  device: z
    .enum(['cpu', 'webgpu', 'cuda'])
    .meta({ description: 'where the training step and the teacher are computed; cuda needs its own build of onnxruntime', group: 'Machine' })
    .default('cpu'),
  threads: z.int().positive().optional().meta({ description: 'threads of one operator (default: all cores)', group: 'Machine', decides: 'results' }),
  logEvery: z.int().positive().meta({ description: 'steps between log lines', group: 'Output', decides: 'nothing' }).default(10),
  checkpointEvery: z.int().positive().meta({ description: 'steps between checkpoints', group: 'Output', decides: 'nothing' }).default(500),
  validateEvery: z.int().positive().meta({ description: 'steps between validations', group: 'Output', decides: 'nothing' }).default(500),
  tensorboard: z.boolean().meta({ description: 'also write TensorBoard event files', group: 'Output', decides: 'nothing' }).default(false),
})

export type TrainSettings = z.output<typeof trainSettings> & { ramp?: number }

/** Of trainings whose images are augmented anew in every epoch. */
export const rampSetting = z
  .number()
  .min(0)
  .max(1)
  .meta({ description: "part of the steps over which the augmentation's strength grows from 0", group: 'Training' })
