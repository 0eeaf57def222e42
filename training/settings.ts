import { z } from 'zod'

/** How a model is trained: the part of a command's flags that every stage shares. */
export const trainSettings = z.object({
  steps: z.int().positive().describe('optimizer steps'),
  batchSize: z.int().min(2).describe('images a step; each comes with one caption in every language'),
  learningRate: z.number().positive().describe('peak learning rate (warm-up, then cosine to 0)'),
  warmup: z.int().min(0).describe('warm-up steps, at most half of the steps'),
  weightDecay: z.number().min(0).describe('AdamW decay of matrices').default(0.1),
  clipNorm: z.number().positive().describe('gradients are scaled down to this global norm').default(1),
  accumulate: z.int().positive().describe('micro-batches averaged into one step').default(1),
  keepPatches: z.number().gt(0).max(1).describe('fraction of image patches that enter a step (faster; a regulariser)').default(1),
  unmaskedTail: z.number().min(0).max(1).describe('last part of the steps that sees whole images').default(0.15),
  augmentation: z.enum(['none', 'mild', 'style']).describe('how images are varied').default('style'),
  strength: z.number().min(0).max(1).describe('strength of the augmentation at its full').default(1),
  ramp: z.number().min(0).max(1).describe('part of the steps over which the strength grows from 0 (not in stage 1)').default(0),
  seed: z.int().describe('seed of everything random').default(1),
  engine: z.enum(['onnx', 'tfjs']).describe('compiled step, or the same step eagerly on tfjs').default('onnx'),
  device: z.enum(['cpu', 'webgpu', 'cuda']).describe('where the training step is computed; cuda needs its own build of onnxruntime').default('cpu'),
  threads: z.int().positive().optional().describe('threads of one operator (default: all cores)'),
  logEvery: z.int().positive().describe('steps between log lines').default(10),
  checkpointEvery: z.int().positive().describe('steps between checkpoints').default(500),
  validateEvery: z.int().positive().describe('steps between validations').default(500),
  tensorboard: z.boolean().describe('also write TensorBoard event files').default(false),
})

export type TrainSettings = z.output<typeof trainSettings>
