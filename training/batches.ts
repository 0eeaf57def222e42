import { batchLoader } from '../corpora/batch-loader.ts'
import { compile, type Step } from '../engine/compile.ts'
import type { Params } from '../engine/params.ts'
import type { MicroBatch } from '../engine/train.ts'
import type { BatchSource } from './batch.ts'
import { batchInputs } from './batch-inputs.ts'
import type { Draw } from './data/draw.ts'
import { sampler } from './data/sampler.ts'
import type { TrainingSet } from './data/training-set.ts'
import { trainingStep } from './step.ts'
import type { StepShape } from './step-shape.ts'

/** The batches of a source, each with the compiled step that takes it. */
export interface Batches {
  /** What a step without dropped patches is like. */
  shape: StepShape
  batch(step: number, micro: number): Promise<MicroBatch>
  close(): Promise<void>
}

const prefetch = 3

/** Draws batches, lets workers decode and augment ahead, and compiles the steps that they go through. */
export function openBatches(source: BatchSource, params: Params, trained: string[]): Batches {
  const { set, pixels, settings } = source
  const draws = sampler(set, settings.batchSize, settings.seed)
  const inputs = batchInputs(source, draws)
  const loader = pixels && batchLoader({ cache: pixels, prefetch }) // its threads live until it is closed
  const steps = compiledSteps(source, params, trained, inputs.shape)
  let requested = -1
  return {
    shape: inputs.shape(false),
    async batch(step, micro) {
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
      const pixelValues = await loader?.next()
      return {
        step: await steps.get(masked),
        inputs: await inputs.of(draw, masked, pixelValues),
        contents: () => contentsOf(set, draw),
        release: () => pixelValues && loader!.release(pixelValues),
      }
    },
    async close() {
      await loader?.close()
      await steps.release()
    },
  }
}

/** Of a set without images the texts. */
function contentsOf({ images, texts }: TrainingSet, draw: Draw): string[] {
  if (images.length > 0) return Array.from(draw.images, (i) => images[i]!.key)
  return Object.values(draw.captions).flatMap((rows) => Array.from(rows, (i) => texts[i]!))
}

/** Compiles the step with dropped patches and the whole one, each when first needed. */
function compiledSteps({ config, weights, settings }: BatchSource, params: Params, trained: string[], shape: (masked: boolean) => StepShape) {
  const { engine, device, threads } = settings
  let current: { masked: boolean; step: Step } | undefined
  return {
    /** One step lives at a time: each keeps its activations' memory, and once whole images come, no masked ones do. */
    async get(masked: boolean): Promise<Step> {
      if (current?.masked === masked) return current.step
      await current?.step.release()
      const { fn, specs } = trainingStep(config, params, trained, weights, shape(masked))
      current = { masked, step: await compile(fn, specs, { engine, device, threads }) }
      return current.step
    },
    release: async () => current?.step.release(),
  }
}
