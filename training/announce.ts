import type { Params } from '../engine/params.ts'
import type { ClipConfig } from '../models/config.ts'
import { towerCounts } from '../models/dual-encoder.ts'
import { stepFlops } from '../models/flops.ts'
import type { TrainingSet } from './data/training-set.ts'
import type { Weights } from './objectives/objective.ts'
import { defaultObjectiveSettings, type ObjectiveSettings } from './objectives/settings.ts'
import { needs } from './objectives/table.ts'
import type { TrainSettings } from './settings.ts'
import { keptPatches, type StepShape } from './step-shape.ts'

interface Announced {
  label: string
  config: ClipConfig
  params: Params
  set: TrainingSet
  settings: TrainSettings
  weights: Weights
  objectiveSettings?: ObjectiveSettings
}

/** Says what is about to be trained, on what, for how long; plain lines on stderr. */
export function announce(
  { label, config, params, set, settings, weights, objectiveSettings = defaultObjectiveSettings }: Announced,
  { textLength, textBlocks }: StepShape,
): void {
  const { image, text } = towerCounts(config)
  const millions = (count: number) => `${(count / 1e6).toFixed(2)} M`
  const { vision_config: vision, text_config: words, kept_image_tower: kept } = config
  const batchSize = Math.min(settings.batchSize, set.count)
  const batch = batchSize * settings.accumulate
  const shape = { batchSize, languages: set.languages, textLength, textBlocks, keptPatches: keptPatches(config, settings.keepPatches) }
  const textOnly = set.images.length === 0
  const things = textOnly ? 'rows' : 'images'
  const masked = { ...shape, keptPatches: keptPatches(config, objectiveSettings.mfdKeep) } // mfd's second pass
  const images = needs(weights, 'masked-image') ? stepFlops(config, masked, ['image']) : 0
  const flops = settings.accumulate * (stepFlops(config, shape, textOnly ? ['text'] : undefined) + images)
  const adapters = Object.keys(params).filter((name) => name.startsWith('adapter.')).length
  const lines = [
    `${label}: image tower ${kept ? `kept from ${kept} (${vision.image_size} px)` : `${millions(image)} parameters (${vision.image_size} px, patch ${vision.patch_size})`}, text tower ${millions(text)} (${words.vocab_size} tokens), ${((image + text) / 1e6).toFixed(2)} MB at int8${adapters ? `, ${adapters} adapters` : ''}`,
    `  data: ${set.count} ${things}, ${set.texts.length} distinct captions in ${set.languages.join(', ')}${set.dropped ? `; ${set.dropped} ${things} left out for want of a language` : ''}`,
    `  ${settings.steps} steps of ${batch} ${things} (${((settings.steps * batch) / set.count).toFixed(1)} epochs), ${(flops / 1e9).toFixed(0)} GFLOP each, engine ${settings.engine} on ${settings.device}, seed ${settings.seed}`,
  ]
  process.stderr.write(`${lines.join('\n')}\n`)
}
