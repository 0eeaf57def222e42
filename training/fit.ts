import { batchLoader } from '../corpora/batch-loader.ts'
import type { PixelCache } from '../corpora/pixel-cache.ts'
import type { Identity } from '../engine/checkpoint.ts'
import { compile, type Step } from '../engine/compile.ts'
import { warmupCosine } from '../engine/optim/schedule.ts'
import type { Params } from '../engine/params.ts'
import { type Constraint, type MicroBatch, type TrainingResult, train } from '../engine/train.ts'
import { announce } from './announce.ts'
import { type BatchSource, batchInputs } from './batch-inputs.ts'
import { type Centroids, classCentroids } from './objectives/centroids.ts'
import { defaultObjectiveSettings } from './objectives/settings.ts'
import { needs } from './objectives/table.ts'
import { sampler } from './data/sampler.ts'
import { type StepShape, trainingStep } from './step.ts'
import { tensorboard } from './tensorboard.ts'

export interface Fit extends BatchSource {
  label: string
  dir: string
  /** The model's parameters and any adapters; updated in place. */
  params: Params
  /** Absent where there are texts alone: images are then neither read nor asked of the teacher. */
  pixels?: PixelCache
  /** Names of the parameters that learn; default: all. */
  trained?: string[]
  identity: Identity
  constraint?: Constraint
  resume?: boolean
  evaluate?: () => Promise<Record<string, number>>
}

const prefetch = 3

/** Trains on a set: draws batches, lets workers decode and augment ahead, runs the compiled step. */
export async function fit(options: Fit): Promise<TrainingResult> {
  const { set, pixels, settings, params } = options
  const draws = sampler(set, settings.batchSize, settings.seed)
  const centroids = centroidsOf(options)
  const inputs = batchInputs(options, draws, centroids)
  announce(options, inputs.textShape)
  const loader = pixels && batchLoader({ cache: pixels, prefetch }) // its threads live until it is closed
  const steps = stepCompiler(options, {
    batchSize: Math.min(settings.batchSize, set.count),
    ...inputs.textShape,
    centroids: centroids?.count,
  })
  let requested = -1
  const batch = async (step: number, micro: number): Promise<MicroBatch> => {
    const wanted = step * settings.accumulate + micro
    const last = settings.steps * settings.accumulate - 1
    requested = Math.max(requested, wanted - 1)
    while (loader && requested < Math.min(wanted + prefetch, last)) {
      requested++
      const draw = draws.draw(requested)
      const augment = inputs.augmenter(draw, requested)
      loader.request(Array.from(draw.images, (index) => ({ index, augmentation: augment(index) })))
    }
    const draw = draws.draw(wanted)
    const masked = loader !== undefined && settings.keepPatches < 1 && step < settings.steps * (1 - settings.unmaskedTail)
    const pixel_values = await loader?.next()
    return {
      step: await steps.get(masked),
      inputs: { ...(await inputs.of(draw, masked, pixel_values)), ...(pixel_values && { pixel_values }) },
      release: () => pixel_values && loader!.release(pixel_values),
    }
  }
  try {
    return await train({
      ...options,
      trained: options.trained ?? Object.keys(params),
      steps: settings.steps,
      batch,
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
    await loader?.close()
    await steps.release()
  }
}

/** Where classes lie in the teacher's space, for objectives that ask. */
function centroidsOf({ weights, teacher, set, settings, objectiveSettings = defaultObjectiveSettings }: Fit): Centroids | undefined {
  if (!teacher || !needs(weights, 'centroids')) return undefined
  const { classCentroids: k, classSamples: samples } = objectiveSettings
  return classCentroids(teacher.plainImages!(), teacher.embedDim, set.labels, { k, samples, seed: settings.seed })
}

/** Compiles the step with dropped patches and the whole one, each when first needed. */
function stepCompiler(source: Fit, sizes: Pick<StepShape, 'batchSize' | 'textLength' | 'textBlocks' | 'centroids'>) {
  const { config, params, weights, settings, set, teacher, specialists, inner, objectiveSettings } = source
  const trained = source.trained ?? Object.keys(params)
  let current: { masked: boolean; step: Step } | undefined
  return {
    /** One step lives at a time: each keeps its activations' memory, and once whole images come, no masked ones do. */
    async get(masked: boolean): Promise<Step> {
      if (current?.masked === masked) return current.step
      await current?.step.release()
      const told = { teacher, specialists, inner: inner?.shapes, settings: objectiveSettings }
      const shape = { ...sizes, ...told, languages: set.languages, keepPatches: masked ? settings.keepPatches : 1, textOnly: !source.pixels }
      const { fn, specs } = trainingStep(config, params, trained, weights, shape)
      current = { masked, step: await compile(fn, specs, { engine: settings.engine, device: settings.device, threads: settings.threads }) }
      return current.step
    },
    release: async () => current?.step.release(),
  }
}
