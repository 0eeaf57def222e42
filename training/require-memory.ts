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

type Data = Pick<TrainingSet, 'count' | 'images' | 'texts' | 'languages'>
type Student = Pick<Start, 'model' | 'tokenizer'>
type Wanted = Pick<TrainSettings, 'batchSize' | 'microBatch' | 'device' | 'keepPatches' | 'unmaskedTail'>

/**
 * A batch that memory cannot hold would end in the middle of the first step, without a word. The estimate is of the processor's memory: devices have their own.
 * @param set that batches are drawn from
 * @param limit bytes that there are
 * @throws UserError with the largest batch that fits
 */
export function requireMemory(settings: Wanted, set: Data, student: Student, limit: number = memoryLimit()): void {
  if (settings.device !== 'cpu') return
  const { batch, micro } = batchSizes(settings, set.count)
  const load = loadOf(settings, set, student)
  const needed = stepMemory(load, batch, micro)
  if (needed <= limit) return
  const parts = micro < batch ? micro : undefined
  throw new UserError({
    where: `--batch-size ${settings.batchSize}${parts ? ` --micro-batch ${parts}` : ''}`,
    expected: `a step that fits into ${gigabytes(limit)} of memory`,
    got: `about ${gigabytes(needed)}`,
    hint: hintOf(largestBatch(load, limit), parts, parts && largestBatch(load, limit, parts)),
  })
}

/** @param whole the largest batch that goes through the towers as a whole; @param inParts that of micro-batches */
function hintOf(whole: number, micro?: number, inParts?: number): string {
  if (whole === 0) return 'Not even a single image fits: take a smaller --student.'
  if (inParts) return `The largest that fits in such micro-batches is --batch-size ${inParts}.`
  if (micro) return `Not even one such micro-batch fits: the largest is --micro-batch ${whole}.`
  return `The largest that fits is --batch-size ${whole}; larger ones go in parts, with --micro-batch.`
}

function loadOf({ keepPatches, unmaskedTail }: Wanted, set: Data, { model, tokenizer }: Student): StepLoad {
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
