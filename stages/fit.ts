import { type Augmentation, drawAugmentation, type Policy } from '../corpora/augment.ts'
import { batchLoader } from '../corpora/batch-loader.ts'
import type { PixelCache } from '../corpora/pixel-cache.ts'
import type { Identity } from '../engine/checkpoint.ts'
import { compile, type Step } from '../engine/compile.ts'
import { warmupCosine } from '../engine/optim/schedule.ts'
import type { Params } from '../engine/params.ts'
import { permutation } from '../engine/random.ts'
import type { Numbers } from '../engine/runtime.ts'
import { type MicroBatch, train, type TrainingResult } from '../engine/train.ts'
import type { ClipConfig } from '../models/config.ts'
import { patchCount } from '../models/vision.ts'
import type { Tokenizer } from '../tokenizers/load.ts'
import { announce } from './announce.ts'
import type { TeacherFeatures } from './features.ts'
import type { Weights } from './objectives/objective.ts'
import { defaultObjectiveSettings, type ObjectiveSettings } from './objectives/settings.ts'
import { type Draw, positives, sampler } from './sampler.ts'
import type { TrainSettings } from './settings.ts'
import { keptPatches, needs, positivesOf, teacherTextOf, trainingStep } from './step.ts'
import type { TrainingSet } from './training-set.ts'

export interface Fit {
  label: string
  dir: string
  config: ClipConfig
  /** The model's parameters and any adapters; updated in place. */
  params: Params
  set: TrainingSet
  pixels: PixelCache
  tokenizer: Tokenizer
  weights: Weights
  settings: TrainSettings
  /** What objectives are told beyond their weight. */
  objectiveSettings?: ObjectiveSettings
  /** Cached features: images then come in the stored augmentations, exactly as the teacher saw them. */
  teacher?: TeacherFeatures
  identity: Identity
  resume?: boolean
  evaluate?: () => Promise<Record<string, number>>
}

const prefetch = 3

/** Trains on a set: draws batches, lets workers decode and augment ahead, runs the compiled step. */
export async function fit(options: Fit): Promise<TrainingResult> {
  const { set, pixels, settings, params } = options
  const draws = sampler(set, settings.batchSize, settings.seed)
  const loader = batchLoader({ cache: pixels, prefetch })
  const inputs = batchInputs(options)
  announce(options, inputs.textLength)
  const steps = stepCompiler(options, inputs.textLength, Math.min(settings.batchSize, set.images.length))
  let requested = -1
  const batch = async (step: number, micro: number): Promise<MicroBatch> => {
    const wanted = step * settings.accumulate + micro
    const last = settings.steps * settings.accumulate - 1
    requested = Math.max(requested, wanted - 1)
    while (requested < Math.min(wanted + prefetch, last)) {
      requested++
      const draw = draws.draw(requested)
      const augment = inputs.augmenter(draw, requested)
      loader.request(Array.from(draw.images, (index) => ({ index, augmentation: augment(index) })))
    }
    const draw = draws.draw(wanted)
    const masked = settings.keepPatches < 1 && step < settings.steps * (1 - settings.unmaskedTail)
    const pixel_values = await loader.next()
    return { step: await steps.get(masked), inputs: { ...inputs.of(draw, masked), pixel_values }, release: () => loader.release(pixel_values) }
  }
  try {
    return await train({
      ...options,
      trained: Object.keys(params),
      steps: settings.steps,
      batch,
      accumulate: settings.accumulate,
      schedule: warmupCosine(settings.learningRate, settings.warmup, settings.steps),
      optimizer: { weightDecay: settings.weightDecay },
      clipNorm: settings.clipNorm,
      logEvery: settings.logEvery,
      checkpointEvery: settings.checkpointEvery,
      evaluate: options.evaluate && { every: settings.validateEvery, run: options.evaluate },
    })
  } finally {
    await loader.close()
    await steps.release()
  }
}

/** Everything of a batch but its pixels. */
function batchInputs({ set, tokenizer, config, settings, weights, teacher, objectiveSettings = defaultObjectiveSettings }: Fit) {
  const encoded = set.texts.map((text) => tokenizer.encode(text))
  const lengths = encoded.map((ids) => ids.length).sort((a, b) => a - b)
  // Padding costs as much as text: the longest percent of the captions is cut in training.
  const long = lengths[Math.ceil(0.99 * (lengths.length - 1))]!
  const textLength = Math.min(config.text_config.max_position_embeddings, Math.ceil(long / 4) * 4)
  const patches = patchCount(config)
  const choose = (draw: Draw, purpose: number, fraction: number) => {
    const next = draw.stream(purpose)
    const kept = keptPatches(config, fraction)
    return Int32Array.from(Array.from(draw.images).flatMap(() => [...permutation(patches, next).subarray(0, kept)]))
  }
  const rampSteps = settings.ramp * settings.steps * settings.accumulate
  return {
    textLength,
    /** How the images of batch `index` are varied: as the cache stored it, or freshly drawn. */
    augmenter(draw: Draw, index: number): (image: number) => Augmentation {
      if (teacher) return (image) => teacher.augmentation(image, draw.epoch)
      const next = draw.stream(1)
      const policy = rampedPolicy(settings, rampSteps > 0 ? Math.min(1, index / rampSteps) : 1)
      return () => drawAugmentation(next, policy)
    },
    of(draw: Draw, masked: boolean): Record<string, Numbers> {
      const texts = set.languages.flatMap((language) => Array.from(draw.captions[language]!, (text) => set.texts[text]!))
      const { inputIds, attentionMask } = tokenizer.encodeBatch(texts, textLength)
      const inputs: Record<string, Numbers> = { input_ids: inputIds, attention_mask: attentionMask }
      if (masked) inputs.keep = choose(draw, 2, settings.keepPatches)
      if (needs(weights, 'masked-image')) inputs.mask_keep = choose(draw, 3, objectiveSettings.mfdKeep)
      for (const language of set.languages) {
        inputs[positivesOf(language)] = positives(set, draw.images, draw.captions[language]!)
        if (teacher) inputs[teacherTextOf(language)] = teacher.texts(draw.captions[language]!)
      }
      if (needs(weights, 'classes')) inputs.classes = Int32Array.from(draw.images, (image) => set.classes[image]!)
      if (teacher) inputs.teacher_image = teacher.images(draw.images, draw.epoch)
      return inputs
    },
  }
}

/** `style` begins where `mild` ends: its ramp goes through mild from 0 to 1 and then through style from 0 to the full strength. */
function rampedPolicy({ augmentation: name, strength }: TrainSettings, ramped: number): Policy {
  if (name !== 'style') return { name, strength: strength * ramped }
  return ramped < 0.5 ? { name: 'mild', strength: 2 * ramped } : { name, strength: strength * (2 * ramped - 1) }
}

/** Compiles the step with dropped patches and the whole one, each when first needed. */
function stepCompiler({ config, params, weights, settings, set, teacher, objectiveSettings }: Fit, textLength: number, batchSize: number) {
  const compiled = new Map<boolean, Promise<Step>>()
  return {
    get(masked: boolean): Promise<Step> {
      let step = compiled.get(masked)
      if (!step) {
        const shape = { batchSize, textLength, languages: set.languages, keepPatches: masked ? settings.keepPatches : 1, teacher, settings: objectiveSettings }
        const { fn, specs } = trainingStep(config, params, Object.keys(params), weights, shape)
        step = compile(fn, specs, { engine: settings.engine, device: settings.device, threads: settings.threads })
        compiled.set(masked, step)
      }
      return step
    },
    async release() {
      for (const step of compiled.values()) await (await step).release()
    },
  }
}
