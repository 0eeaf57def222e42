import { permutation } from '../base/random.ts'
import { drawAugmentation, type Policy } from '../corpora/augment.ts'
import type { BatchItem } from '../corpora/batch-loader.ts'
import type { Numbers } from '../engine/runtime.ts'
import { patchCount } from '../models/vision.ts'
import { type Batch, type BatchSource, batchSizes } from './batch.ts'
import type { Draw, Sampler } from './data/draw.ts'
import { positivesOf } from './data/positives.ts'
import { inputValues, type Reader } from './inputs.ts'
import { type Centroids, classCentroids } from './objectives/centroids.ts'
import type { Tower } from './objectives/objective.ts'
import { defaultObjectiveSettings } from './objectives/settings.ts'
import { needs } from './objectives/table.ts'
import type { TrainSettings } from './settings.ts'
import { keptPatches, type StepShape } from './step-shape.ts'
import type { InnerRows } from './teachers/inner-teacher.ts'
import { textLayout } from './text-layout.ts'

/** Makes the inputs of steps, all but parameters, and says what shape such a step has. */
export function batchInputs(source: BatchSource, draws: Sampler) {
  const { set, config, settings, weights, teacher, specialists, inner, objectiveSettings = defaultObjectiveSettings } = source
  const patches = patchCount(config)
  const texts = textLayout(source, draws, settings.steps * settings.accumulate)
  const rampSteps = (settings.ramp ?? 0) * settings.steps * settings.accumulate
  const centroids = centroidsOf(source)
  const positives = positivesOf(set)
  /** @param masked whether patches are dropped */
  const shape = (masked: boolean): StepShape => ({
    batchSize: batchSizes(settings, set.count).batch,
    ...texts.shape,
    languages: set.languages,
    keepPatches: masked ? settings.keepPatches : 1,
    teacher,
    specialists,
    centroids: centroids?.count,
    inner: inner?.shapes,
    objectiveSettings,
    alone: set.texts.length === 0 ? 'image' : source.pixels || source.keptImages ? undefined : 'text',
    unpaired: set.unpaired !== undefined,
    keptImage: source.keptImages !== undefined,
  })
  return {
    shape,
    /** The images of batch `index`, and how they are varied: as the teacher saw them, or freshly drawn. */
    items(draw: Draw, index: number): BatchItem[] {
      const next = draw.stream(1)
      const policy = rampedPolicy(settings, rampSteps > 0 ? Math.min(1, index / rampSteps) : 1)
      const augment = (image: number) => (teacher ? teacher.augmentation(image, draw.epoch, policy) : drawAugmentation(next, policy))
      return Array.from(draw.images, (image) => ({ index: image, augmentation: augment(image) }))
    },
    /**
     * @param pixels absent where there are texts alone
     * @param reader the only one whose inputs are made
     */
    async of(draw: Draw, masked: boolean, pixels?: Float32Array, reader?: Reader): Promise<Record<string, Numbers>> {
      const captions = Uint32Array.from(set.languages.flatMap((language) => [...draw.captions[language]!]))
      const tokens = texts.inputs(captions)
      const innerRows = new Map<Tower, Promise<InnerRows>>()
      const runInner = (tower: Tower) =>
        tower === 'image' ? inner!.images(draw.images, draw.epoch, pixels!) : inner!.texts(captions, tokens.input_ids, tokens.attention_mask)
      const batch: Batch = {
        source,
        objectiveSettings,
        draw,
        tokens,
        pixels,
        centroids,
        positives: (language) => positives(draw, [language, source.pivot ?? language]),
        innerLayers(tower) {
          if (!innerRows.has(tower)) innerRows.set(tower, runInner(tower))
          return innerRows.get(tower)!
        },
        choosePatches(purpose, fraction) {
          const next = draw.stream(purpose)
          const kept = keptPatches(config, fraction)
          const { images, before = 0 } = draw
          const chosen = Array.from({ length: before + images.length }, () => permutation(patches, next).subarray(0, kept))
          return Int32Array.from(chosen.slice(before).flatMap((row) => [...row]))
        },
      }
      return inputValues({ ...shape(masked), config, weights, objectiveSettings }, batch, reader)
    },
  }
}

/** Where classes lie in the teacher's space, for objectives that ask. */
function centroidsOf({ weights, teacher, set, settings, objectiveSettings = defaultObjectiveSettings }: BatchSource): Centroids | undefined {
  if (!teacher || !needs(weights, 'centroids')) return undefined
  const { classCentroids: k, classSamples: samples } = objectiveSettings
  return classCentroids(teacher.plainImages!, teacher.embedDim, set.labels, { k, samples, seed: settings.seed })
}

/** `style` begins where `mild` ends: its ramp goes through mild from 0 to 1 and then through style from 0 to the full strength. */
function rampedPolicy({ augmentation: name, strength }: TrainSettings, ramped: number): Policy {
  if (name !== 'style') return { name, strength: strength * ramped }
  return ramped < 0.5 ? { name: 'mild', strength: 2 * ramped } : { name, strength: strength * (2 * ramped - 1) }
}
