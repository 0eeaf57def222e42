import { permutation } from '../base/random.ts'
import { type Augmentation, drawAugmentation, type Policy } from '../corpora/augment.ts'
import type { Language } from '../corpora/sample.ts'
import type { Numbers } from '../engine/runtime.ts'
import type { ClipConfig } from '../models/config.ts'
import { patchCount } from '../models/vision.ts'
import type { Tokenizer } from '../tokenizers/load.ts'
import { innerInput, innerTowers, shownOf } from './inner-step.ts'
import type { Centroids } from './objectives/centroids.ts'
import type { Weights } from './objectives/objective.ts'
import { defaultObjectiveSettings, type ObjectiveSettings } from './objectives/settings.ts'
import { needs } from './objectives/table.ts'
import { type Draw, positives, type Sampler } from './data/sampler.ts'
import type { TrainSettings } from './settings.ts'
import { keptPatches, positivesOf, teacherImageOf, teacherTextOf } from './step.ts'
import type { TeacherFeatures } from './teachers/features.ts'
import type { InnerFeatures } from './teachers/inner-features.ts'
import type { SpecialistFeatures } from './teachers/team.ts'
import { textLayout } from './text-layout.ts'
import type { TrainingSet } from './data/training-set.ts'

/** What batches are made of. */
export interface BatchSource {
  set: TrainingSet
  config: ClipConfig
  tokenizer: Tokenizer
  weights: Weights
  settings: TrainSettings
  /** What objectives are told beyond their weight. */
  objectiveSettings?: ObjectiveSettings
  /** Teacher's features: images then come in the augmentations that the teacher saw. */
  teacher?: TeacherFeatures
  /** Teachers that take over single languages. */
  specialists?: SpecialistFeatures[]
  /** What a teacher shows of its last layers. */
  inner?: InnerFeatures
  /** The language that teachers read for all. */
  pivot?: Language
}

/** Makes the inputs of steps: all that trainingStep lists, but parameters and pixels. */
export function batchInputs(source: BatchSource, draws: Sampler, centroids?: Centroids) {
  const { set, config, settings, weights, teacher, pivot, specialists = [], inner, objectiveSettings = defaultObjectiveSettings } = source
  const patches = patchCount(config)
  const texts = textLayout(source, draws, settings.steps * settings.accumulate)
  const rampSteps = settings.ramp * settings.steps * settings.accumulate
  const choosePatches = (draw: Draw, purpose: number, fraction: number) => {
    const next = draw.stream(purpose)
    const kept = keptPatches(config, fraction)
    return Int32Array.from(Array.from(draw.images).flatMap(() => [...permutation(patches, next).subarray(0, kept)]))
  }
  return {
    /** What the step's shape says of texts. */
    textShape: texts.shape,
    /** How the images of batch `index` are varied: as the teacher saw them, or freshly drawn. */
    augmenter(draw: Draw, index: number): (image: number) => Augmentation {
      if (teacher) return (image) => teacher.augmentation(image, draw.epoch)
      const next = draw.stream(1)
      const policy = rampedPolicy(settings, rampSteps > 0 ? Math.min(1, index / rampSteps) : 1)
      return () => drawAugmentation(next, policy)
    },
    /** @param pixels absent where there are texts alone */
    async of(draw: Draw, masked: boolean, pixels?: Float32Array): Promise<Record<string, Numbers>> {
      const captions = Uint32Array.from(set.languages.flatMap((language) => [...draw.captions[language]!]))
      const ids = texts.inputs(captions)
      const inputs: Record<string, Numbers> = { ...ids }
      if (masked) inputs.keep = choosePatches(draw, 2, settings.keepPatches)
      if (needs(weights, 'masked-image')) inputs.mask_keep = choosePatches(draw, 3, objectiveSettings.mfdKeep)
      if (needs(weights, 'classes')) inputs.classes = Int32Array.from(draw.images, (image) => set.labels[image]!)
      for (const language of set.languages) {
        const speaker = specialists.find(({ languages }) => languages.includes(language)) ?? teacher
        if (speaker) inputs[teacherTextOf(language)] = await speaker.texts(draw.captions[pivot ?? language]!)
        if (pixels) inputs[positivesOf(language)] = positives(set, draw.images, draw.captions[language]!, draw.captions[pivot ?? language]!)
      }
      if (pixels && teacher) inputs[teacherImageOf()] = await teacher.images(draw.images, draw.epoch, pixels)
      for (const specialist of pixels ? specialists : [])
        inputs[teacherImageOf(specialist)] = await specialist.images(draw.images, draw.epoch, pixels!)
      if (centroids) Object.assign(inputs, centroidInputs(centroids, draw.images))
      for (const tower of inner ? innerTowers(weights) : []) {
        const rows = tower === 'image' ? inner!.images(draw.images, draw.epoch, pixels!) : inner!.texts(captions, ids.input_ids, ids.attention_mask)
        for (const what of shownOf(weights, tower)) inputs[innerInput(tower, what)] = (await rows)[what]!
      }
      return inputs
    },
  }
}

/** `style` begins where `mild` ends: its ramp goes through mild from 0 to 1 and then through style from 0 to the full strength. */
function rampedPolicy({ augmentation: name, strength }: TrainSettings, ramped: number): Policy {
  if (name !== 'style') return { name, strength: strength * ramped }
  return ramped < 0.5 ? { name: 'mild', strength: 2 * ramped } : { name, strength: strength * (2 * ramped - 1) }
}

function centroidInputs({ rows, target, confidence }: Centroids, images: Uint32Array): Record<string, Numbers> {
  return {
    class_centroids: rows,
    class_target: Int32Array.from(images, (image) => target[image]!),
    class_confidence: Float32Array.from(images, (image) => confidence[image]!),
  }
}
