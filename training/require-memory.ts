import { UserError } from '../base/errors.ts'
import { memoryLimit } from '../base/memory.ts'
import { countParams } from '../engine/params.ts'
import { patchCount } from '../models/vision.ts'
import { batchSizes } from './batch.ts'
import type { TrainingSet } from './data/training-set.ts'
import type { TrainSettings } from './settings.ts'
import type { Start } from './start-student.ts'
import { largestBatch, type StepLoad, stepMemory } from './step-memory.ts'
import { keptPatches } from './step-shape.ts'

type Wanted = Pick<TrainSettings, 'batchSize' | 'microBatch' | 'device' | 'keepPatches' | 'unmaskedTail'>

/**
 * A batch that memory cannot hold would end in the middle of the first step, with nothing said. The estimate is of the processor's memory: devices have their own.
 * @param set that batches are drawn from
 * @param limit bytes that there are
 * @throws UserError with the largest batch that fits
 */
export function requireMemory(
  settings: Wanted,
  set: Pick<TrainingSet, 'count' | 'images' | 'texts' | 'languages'>,
  student: Pick<Start, 'model' | 'tokenizer'>,
  limit: number = memoryLimit(),
): void {
  if (settings.device !== 'cpu') return
  const { batch, micro } = batchSizes(settings, set.count)
  const load = loadOf(settings, set, student)
  const needed = stepMemory(load, batch, micro)
  if (needed <= limit) return
  const inParts = micro < batch
  const alone = largestBatch(load, limit)
  const largest = inParts ? largestBatch(load, limit, micro) : alone
  const smaller = `The largest that fits is --batch-size ${largest}.`
  const tooWide = `Not even one of its micro-batches fits; the largest that does is --micro-batch ${alone}.`
  const cached = inParts ? '' : ' --micro-batch takes larger ones, in parts.'
  throw new UserError({
    where: `--batch-size ${settings.batchSize}${inParts ? ` --micro-batch ${micro}` : ''}`,
    expected: `a step that fits into ${gigabytes(limit)} of memory`,
    got: `about ${gigabytes(needed)}`,
    hint: largest > 0 ? smaller + cached : tooWide,
  })
}

function loadOf({ keepPatches, unmaskedTail }: Wanted, set: Parameters<typeof requireMemory>[1], { model, tokenizer }: Parameters<typeof requireMemory>[2]): StepLoad {
  const { config, params, keptImage } = model
  const { max_position_embeddings: context } = config.text_config
  const tokens = set.texts.reduce((sum, text) => sum + Math.min(context, tokenizer.encode(text).length), 0) / Math.max(1, set.texts.length)
  const patches = unmaskedTail > 0 ? patchCount(config) : keptPatches(config, keepPatches)
  return {
    config,
    parameters: countParams(params),
    languages: set.texts.length > 0 ? set.languages.length : 0,
    tokens,
    keptPatches: set.images.length > 0 && !keptImage ? patches : 0,
  }
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`
}
