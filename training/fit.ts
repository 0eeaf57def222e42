import type { Identity } from '../engine/checkpoint.ts'
import { warmupCosine } from '../engine/optim/schedule.ts'
import type { Params } from '../engine/params.ts'
import { type Constraint, type TrainingResult, train } from '../engine/train.ts'
import { announce } from './announce.ts'
import type { BatchSource } from './batch.ts'
import { openBatches } from './batches.ts'
import { tensorboard } from './tensorboard.ts'

export interface Fit extends BatchSource {
  label: string
  dir: string
  /** The model's parameters and any adapters; updated in place. */
  params: Params
  /** Names of the parameters that learn; default: all. */
  trained?: string[]
  identity: Identity
  constraint?: Constraint
  resume?: boolean
  evaluate?: () => Promise<Record<string, number>>
}

/** Trains on a set: batches that come ahead of their steps, through the one training loop. */
export async function fit(options: Fit): Promise<TrainingResult> {
  const { settings, params } = options
  const trained = options.trained ?? Object.keys(params)
  const batches = openBatches(options, params, trained)
  try {
    announce(options, batches.shape)
    return await train({
      ...options,
      trained,
      steps: settings.steps,
      batch: batches.batch,
      accumulate: settings.accumulate,
      schedule: warmupCosine(settings.learningRate, settings.warmup, settings.steps),
      optimizer: { weightDecay: settings.weightDecay },
      clipNorm: settings.clipNorm,
      logEvery: settings.logEvery,
      checkpointEvery: settings.checkpointEvery,
      mirror: settings.tensorboard ? tensorboard(options.dir) : undefined,
      evaluate: options.evaluate && { every: settings.validateEvery, run: options.evaluate },
    })
  } finally {
    await batches.close()
  }
}
