import { notice } from '../base/watch.ts'
import type { Params } from '../engine/params.ts'
import { towerCounts } from '../models/dual-encoder.ts'
import { stepFlops } from '../models/flops.ts'
import { batchSizes } from './batch.ts'
import { defaultObjectiveSettings } from './objectives/settings.ts'
import { needs } from './objectives/table.ts'
import type { TrainSettings } from './settings.ts'
import type { OpenSource } from './source.ts'
import { keptPatches, type StepShape } from './step-shape.ts'

interface Announced {
  label: string
  params: Params
  /** The main one first. */
  sources: OpenSource[]
  settings: TrainSettings
}

/** Says what is about to be trained, on what, for how long; plain lines on stderr. */
export function announce({ label, params, settings, sources }: Announced, shapes: StepShape[]): void {
  const [main, ...others] = sources as [OpenSource, ...OpenSource[]]
  const { config, set } = main
  const { image, text } = towerCounts(config)
  const millions = (count: number) => `${(count / 1e6).toFixed(2)} M`
  const { vision_config: vision, text_config: words, kept_image_tower: kept } = config
  const { batch: size, micro } = batchSizes(settings, set.count)
  const batch = size * settings.accumulate
  const things = set.unpaired ? 'texts' : set.images.length === 0 ? 'rows' : 'images'
  const flops = settings.accumulate * sources.reduce((sum, source, i) => sum + flopsOf(source, shapes[i]!), 0)
  const adapters = Object.keys(params).filter((name) => name.startsWith('adapter.')).length
  const lines = [
    `${label}: image tower ${kept ? `kept from ${kept} (${vision.image_size} px)` : `${millions(image)} parameters (${vision.image_size} px, patch ${vision.patch_size})`}, text tower ${millions(text)} (${words.vocab_size} tokens), ${((image + text) / 1e6).toFixed(2)} MB at int8${adapters ? `, ${adapters} adapters` : ''}`,
    `  data: ${set.count} ${things}, ${set.texts.length} distinct captions in ${set.languages.join(', ')}${set.dropped ? `; ${set.dropped} ${things} left out for want of captions` : ''}`,
    ...Object.entries(set.lacking ?? {}).map(
      ([language, count]) => `    ${count} ${things} lack ${language}: their captions in other languages take its place`,
    ),
    ...(main.notes ?? []).map((note) => `    ${note}`),
    ...others.flatMap(linesOf),
    ...(others.length > 0 ? [`  shares of the loss: ${sources.map(({ name, share }) => `${name} ${percent(share)}`).join(', ')}`] : []),
    `  ${settings.steps} steps of ${batch} ${things}${micro < size ? ` in micro-batches of ${micro}` : ''} (${((settings.steps * batch) / set.count).toFixed(1)} epochs), ${(flops / 1e9).toFixed(0)} GFLOP each, engine ${settings.engine} on ${settings.device}, seed ${settings.seed}`,
  ]
  notice(lines.join('\n'))
}

function linesOf({ name, set, settings, notes = [] }: OpenSource): string[] {
  const batch = Math.min(settings.batchSize, set.count) * settings.accumulate
  const epochs = ((settings.steps * batch) / set.count).toFixed(1)
  const things = set.images.length === 0 ? 'texts' : 'images'
  return [`  ${name}: ${set.count} ${things}, ${batch} a step (${epochs} epochs)`, ...notes.map((note) => `    ${note}`)]
}

function percent(share: number): string {
  return `${Number((100 * share).toFixed(1))} %`
}

/** Of one batch. */
function flopsOf({ config, set, settings, weights, objectiveSettings = defaultObjectiveSettings }: OpenSource, shape: StepShape): number {
  const { textLength, textBlocks } = shape
  const { batch: batchSize, micro } = batchSizes(settings, set.count)
  const seen = { batchSize, languages: set.languages, textLength, textBlocks, keptPatches: keptPatches(config, settings.keepPatches) }
  const masked = { ...seen, keptPatches: keptPatches(config, objectiveSettings.mfdKeep) } // mfd's second pass
  const images = needs(weights, 'masked-image') ? stepFlops(config, masked, ['image']) : 0
  const passes = micro < batchSize ? 4 / 3 : 1 // micro-batches are embedded once more
  return passes * stepFlops(config, seen, shape.alone && [shape.alone]) + images
}
