/** The training step that the benchmarks measure: of a preset, in two languages, on random but seeded data. */
import { availableParallelism } from 'node:os'
import { UserError } from '../base/errors.ts'
import { normal, permutation, random } from '../base/random.ts'
import type { Params } from '../engine/params.ts'
import type { Numbers } from '../engine/runtime.ts'
import type { InputSpecs, TensorFunction } from '../engine/trace/trace.ts'
import { unitRows } from '../eval/similarity.ts'
import { type ClipConfig, type PresetName, preset, presetNames } from '../models/config.ts'
import { createDualEncoder } from '../models/dual-encoder.ts'
import { stepFlops } from '../models/flops.ts'
import { patchCount } from '../models/vision.ts'
import type { Weights } from '../training/objectives/objective.ts'
import { needs, objectiveParams } from '../training/objectives/table.ts'
import { trainingStep } from '../training/step.ts'
import { keptPatches, type StepShape } from '../training/step-shape.ts'

export type Flags = Record<string, string | number>

export interface Subject {
  config: ClipConfig
  shape: StepShape
  params: Params
  fn: TensorFunction
  specs: InputSpecs
  /** Everything the step takes but its parameters. */
  inputs: Record<string, Numbers>
  flops: number
  threads: number
}

/** @param weights of objectives; those that compare with a teacher's features get random ones of the preset's own width */
export function subjectOf(flags: Flags, weights: Weights = { task: 1 }): Subject {
  const name = flags.preset as PresetName
  if (!presetNames.includes(name))
    throw new UserError({ where: '--preset', expected: `one of ${presetNames.join(', ')}`, got: name, hint: 'base is the one that counts.' })
  const config = preset(name, { vocabSize: Number(flags.vocabSize) })
  const shape: StepShape = {
    batchSize: Number(flags.batchSize),
    textLength: Number(flags.textLength),
    languages: ['en', 'zh'],
    keepPatches: Number(flags.keepPatches),
    ...(needs(weights, 'teacher') && { teacher: { embedDim: config.projection_dim, logitScale: 100 } }),
  }
  const width = config.projection_dim // also the teacher's
  const params = { ...createDualEncoder(config, 1).params, ...objectiveParams(weights, { embedDim: width, teacherDim: width, classes: 0 }, 1) }
  const kept = keptPatches(config, shape.keepPatches)
  const step = trainingStep(config, params, Object.keys(params), weights, shape)
  return {
    config,
    shape,
    params,
    ...step,
    inputs: { ...randomInputs(config, shape, kept), ...randomFeatures(step.specs) },
    flops: stepFlops(config, { ...shape, keptPatches: kept }),
    threads: Number(flags.threads) || availableParallelism(),
  }
}

function randomInputs(config: ClipConfig, { batchSize, textLength, languages, keepPatches }: StepShape, kept: number): Record<string, Numbers> {
  const next = random(2)
  const texts = languages.length * batchSize
  const inputs: Record<string, Numbers> = {
    pixel_values: Float32Array.from({ length: batchSize * 3 * config.vision_config.image_size ** 2 }, () => normal(next)),
    input_ids: Int32Array.from({ length: texts * textLength }, () => Math.floor(next() * config.text_config.vocab_size)),
    attention_mask: new Int32Array(texts * textLength).fill(1),
  }
  if (keepPatches < 1)
    inputs.keep = Int32Array.from(Array.from({ length: batchSize }, () => [...permutation(patchCount(config), next).subarray(0, kept)]).flat())
  for (const language of languages)
    inputs[`positives:${language}`] = Float32Array.from({ length: batchSize ** 2 }, (_, i) => (i % (batchSize + 1) === 0 ? 1 : 0))
  return inputs
}

/** Unit rows for every input that holds a teacher's features. */
function randomFeatures(specs: InputSpecs): Record<string, Numbers> {
  const inputs: Record<string, Numbers> = {}
  for (const [i, [name, { shape }]] of Object.entries(specs).entries()) {
    if (!name.startsWith('teacher_')) continue
    const [rows, width] = shape as [number, number]
    const next = random(i + 3)
    inputs[name] = unitRows(
      Float32Array.from({ length: rows * width }, () => normal(next)),
      width,
    )
  }
  return inputs
}
