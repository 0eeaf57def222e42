import { compile } from '../engine/compile.ts'
import type { Params } from '../engine/params.ts'
import type { BatchRunner, BatchSource } from './batch.ts'
import { batchInputs } from './batch-inputs.ts'
import type { Sampler } from './data/draw.ts'
import { latestGraphs } from './latest-graphs.ts'
import { pixelStream } from './pixel-stream.ts'
import { trainingStep } from './step.ts'
import { openWaiting } from './waiting.ts'

/** Batches that go through one compiled step, with all their activations in memory. */
export function wholeBatches(source: BatchSource, draws: Sampler, params: Params, trained: string[]): BatchRunner {
  const { settings, config, weights } = source
  const inputs = batchInputs(source, draws)
  const waiting = openWaiting()
  const itemsOf = (index: number) => inputs.items(draws.draw(index), index)
  const pixels = pixelStream(source.pixels, settings.steps * settings.accumulate, itemsOf, waiting)
  const steps = latestGraphs((masked) => {
    const { fn, specs } = trainingStep(config, params, trained, weights, inputs.shape(masked))
    return compile(fn, specs, settings)
  })
  return {
    shape: inputs.shape(false),
    run: ({ index, draw, masked }, params) =>
      pixels.with(index, async (pixels) => {
        const step = await steps.get(masked)
        return step.run({ ...params, ...(await waiting.until(() => inputs.of(draw, masked, pixels))) })
      }),
    waited: waiting.sum,
    async close() {
      await pixels.close()
      await steps.release()
    },
  }
}
