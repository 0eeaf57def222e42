import { notice } from '../base/watch.ts'
import type { Identity } from '../engine/checkpoint.ts'
import { warmupCosine } from '../engine/optim/schedule.ts'
import type { Params } from '../engine/params.ts'
import { type Constraint, type TrainingResult, train } from '../engine/train.ts'
import { announce } from './announce.ts'
import { openBatches } from './batches.ts'
import type { TrainSettings } from './settings.ts'
import type { OpenSource } from './source.ts'
import { tensorboard } from './tensorboard.ts'

export interface Fit {
  label: string
  /** What a step learns from; their losses are added up. */
  sources: OpenSource[]
  settings: TrainSettings
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

/** Trains on one or several sources: batches that come ahead of their steps, through the one training loop. Says at the end how long steps waited for data. */
export async function fit(options: Fit): Promise<TrainingResult> {
  const { settings, params, sources } = options
  const trained = options.trained ?? Object.keys(params)
  const streams = sources.map((source) => openBatches(source, params, trained))
  try {
    announce(
      options,
      streams.map(({ shape }) => shape),
    )
    const result = await train({
      ...options,
      trained,
      steps: settings.steps,
      async batch(step, micro) {
        const source = micro % sources.length
        const batch = streams[source]!.batch(step, Math.floor(micro / sources.length))
        return { ...batch, prefix: source > 0 ? `${sources[source]!.name}_` : undefined }
      },
      waited: () => streams.reduce((sum, { waited }) => sum + waited(), 0),
      accumulate: settings.accumulate,
      sources: sources.length,
      schedule: warmupCosine(settings.learningRate, settings.warmup, settings.steps),
      optimizer: { weightDecay: settings.weightDecay },
      clipNorm: settings.clipNorm,
      logEvery: settings.logEvery,
      checkpointEvery: settings.checkpointEvery,
      mirror: settings.tensorboard ? tensorboard(options.dir) : undefined,
      evaluate: options.evaluate && { every: settings.validateEvery, run: options.evaluate },
    })
    if (Number.isFinite(result.waitingShare)) notice(`${options.label}, data: waited ${(100 * result.waitingShare!).toFixed(1)} % of the time`)
    return result
  } finally {
    for (const { close } of streams) await close()
  }
}
