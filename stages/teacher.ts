import { z } from 'zod'
import type { OpenCorpus } from '../corpora/open.ts'
import type { Language } from '../corpora/sample.ts'
import type { TrainingResult } from '../engine/train.ts'
import { preset, presetNames } from '../models/config.ts'
import { createDualEncoder, type DualEncoder } from '../models/dual-encoder.ts'
import { loadTokenizer } from '../tokenizers/load.ts'
import { parseObjectives } from '../training/objectives/table.ts'
import { trainSettings } from '../training/settings.ts'
import { runTokenizer, tokenizerAlgorithm } from '../training/tokenizer.ts'
import { loadTrainingSet } from '../training/training-set.ts'
import { trainContrastive } from './contrastive.ts'

/** The recipe of models/teachers/emoji-en-zh; `scratch` baselines use the same function with a student's size and budget. */
export const teacherSettings = trainSettings.extend({
  student: z.enum(presetNames).default('base').describe('size of the model'),
  objective: z.string().default('task:1,anchor:1').describe('objectives with their weights'),
  embedDim: z.int().positive().default(256).describe('dimension of the joint embedding'),
  tokenizer: z.string().optional().describe('folder of a tokenizer (default: one is trained on the captions)'),
  vocabSize: z.int().min(260).default(6000).describe('vocabulary of the trained tokenizer'),
  contextLength: z.int().min(3).optional().describe('tokens that captions are cut at, by the trained tokenizer (default: 32)'),
  tokenizerAlgorithm,
  steps: trainSettings.shape.steps.default(3400),
  batchSize: trainSettings.shape.batchSize.default(128),
  learningRate: trainSettings.shape.learningRate.default(1e-3),
  warmup: trainSettings.shape.warmup.default(200),
  keepPatches: trainSettings.shape.keepPatches.unwrap().default(0.5),
  unmaskedTail: trainSettings.shape.unmaskedTail.unwrap().default(0.1),
  ramp: trainSettings.shape.ramp.unwrap().default(0.5),
})
type TeacherSettings = z.output<typeof teacherSettings>

export interface TeacherRun {
  label: string
  open: OpenCorpus
  languages: Language[]
  settings: TeacherSettings
  dir: string
  cacheDir: string
  resume?: boolean
}

/** Trains a dual encoder from random weights on a corpus' train split. Writes dir/student. */
export async function trainTeacher(run: TeacherRun): Promise<{ model: DualEncoder; tokenizerDir: string; result: TrainingResult }> {
  const { settings } = run
  const set = await loadTrainingSet(run.open.corpus, 'train', run.languages)
  const tokenizerDir = await runTokenizer(run.dir, set, settings, run.resume)
  const { vocabSize, contextLength } = await loadTokenizer(tokenizerDir)
  const model = createDualEncoder(preset(settings.student, { vocabSize, embedDim: settings.embedDim, contextLength }), settings.seed)
  const result = await trainContrastive({ ...run, corpus: run.open.corpus, model, tokenizerDir, weights: parseObjectives(settings.objective) })
  return { model, tokenizerDir, result }
}
