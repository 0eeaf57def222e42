import { z } from 'zod'

/** How a model is trained: the part of a command's flags that every stage shares. */
export const trainSettings = z.object({
  steps: z.int().positive().describe('optimizer steps'),
  batchSize: z.int().min(2).describe('images a step; each comes with one caption in every language'),
  learningRate: z.number().positive().describe('peak learning rate (warm-up, then cosine to 0)'),
  warmup: z.int().min(0).describe('warm-up steps'),
  weightDecay: z.number().min(0).default(0.1).describe('AdamW decay of matrices'),
  clipNorm: z.number().positive().default(1).describe('gradients are scaled down to this global norm'),
  accumulate: z.int().positive().default(1).describe('micro-batches averaged into one step'),
  keepPatches: z.number().gt(0).max(1).default(1).describe('fraction of image patches that enter a step (faster; a regulariser)'),
  unmaskedTail: z.number().min(0).max(1).default(0.15).describe('last part of the steps that sees whole images'),
  augmentation: z.enum(['none', 'mild', 'style']).default('style').describe('how images are varied'),
  strength: z.number().min(0).max(1).default(1).describe('strength of the augmentation at its full'),
  ramp: z.number().min(0).max(1).default(0).describe('part of the steps over which the strength grows from 0'),
  seed: z.int().default(1).describe('seed of everything random'),
  engine: z.enum(['onnx', 'tfjs']).default('onnx').describe('compiled step, or the same step eagerly on tfjs'),
  device: z.enum(['cpu', 'webgpu', 'cuda']).default('cpu').describe('where onnxruntime computes; cuda needs its own build of onnxruntime'),
  threads: z.int().positive().optional().describe('threads of one operator (default: all cores)'),
  logEvery: z.int().positive().default(10).describe('steps between log lines'),
  checkpointEvery: z.int().positive().default(500).describe('steps between checkpoints'),
  validateEvery: z.int().positive().default(500).describe('steps between validations'),
})

export type TrainSettings = z.output<typeof trainSettings>
