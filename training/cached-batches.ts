import { compile, type Step } from '../engine/compile.ts'
import type { Params } from '../engine/params.ts'
import { type BatchRunner, type BatchSource, batchSizes } from './batch.ts'
import { batchInputs } from './batch-inputs.ts'
import { type CachedStep, cachedStep } from './cached-step.ts'
import type { Sampler } from './data/draw.ts'
import { cachedGradients } from './gradient-cache.ts'
import { latestGraphs } from './latest-graphs.ts'
import { partSampler } from './parts.ts'
import { pixelStream } from './pixel-stream.ts'
import type { StepShape } from './step-shape.ts'
import { openWaiting } from './waiting.ts'

/** Batches that go through the towers in micro-batches, twice: pixels are augmented twice, too, so that no more of them than a micro-batch's wait in memory. */
export function cachedBatches(source: BatchSource, draws: Sampler, params: Params, trained: string[]): BatchRunner {
  const { settings, config, weights, set } = source
  const { batch, micro } = batchSizes(settings, set.count)
  const parts = batch / micro
  const partDraws = partSampler(draws, parts)
  const whole = batchInputs(source, draws)
  const part = batchInputs(sourceOfParts(source, micro, parts), partDraws)
  const count = settings.steps * settings.accumulate * parts * 2
  const waiting = openWaiting()
  const itemsOf = (number: number) => {
    const index = Math.floor(number / (2 * parts))
    const from = (number % parts) * micro
    return whole.items(draws.draw(index), index).slice(from, from + micro)
  }
  const pixels = pixelStream(source.pixels, count, itemsOf, waiting)
  const graphs = latestGraphs(async (masked) => {
    const step = cachedStep(config, params, trained, weights, whole.shape(masked), part.shape(masked))
    const open = ({ fn, specs }: CachedStep['embed']) => compile(fn, specs, settings)
    return withRelease({ embed: await open(step.embed), loss: await open(step.loss), replay: await open(step.replay) })
  })
  return {
    shape: wholeShape(whole.shape(false), part.shape(false), parts),
    run: async ({ index, draw, masked }, params) =>
      cachedGradients(await graphs.get(masked), {
        params,
        parts,
        languages: set.languages.length,
        withPart: (i, pass, use) =>
          pixels.with((2 * index + (pass === 'embed' ? 0 : 1)) * parts + i, async (pixels) =>
            use(await waiting.until(() => part.of(partDraws.draw(index * parts + i), masked, pixels, 'towers'))),
          ),
        objectiveInputs: () => waiting.until(() => whole.of(draw, masked, undefined, 'objectives')),
      }),
    waited: waiting.sum,
    async close() {
      await pixels.close()
      await graphs.release()
    },
  }
}

/** What towers read of it: a micro-batch is a batch, and teachers are the whole one's. */
function sourceOfParts(source: BatchSource, micro: number, parts: number): BatchSource {
  const { settings } = source
  return {
    ...source,
    teacher: undefined,
    specialists: undefined,
    settings: { ...settings, batchSize: micro, microBatch: undefined, accumulate: settings.accumulate * parts },
  }
}

function wholeShape(shape: StepShape, { textBlocks }: StepShape, parts: number): StepShape {
  return { ...shape, textBlocks: textBlocks && Array.from({ length: parts }, () => textBlocks).flat() }
}

function withRelease(graphs: CachedStep<Step>): CachedStep<Step> & { release(): Promise<void> } {
  const all = Object.values(graphs) as Step[]
  return {
    ...graphs,
    async release() {
      for (const graph of all) await graph.release()
    },
  }
}
