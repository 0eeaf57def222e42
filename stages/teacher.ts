import { z } from 'zod'
import type { OpenCorpus } from '../corpora/open.ts'
import { preset, presetNames } from '../models/config.ts'
import { createDualEncoder } from '../models/dual-encoder.ts'
import { loadTokenizer } from '../tokenizers/load.ts'
import type { TrainingSet } from '../training/data/training-set.ts'
import { parseObjectives } from '../training/objectives/table.ts'
import { runStage, type StageResult, type StageRun } from '../training/run-stage.ts'
import { trainSettings } from '../training/settings.ts'
import { runTokenizer, tokenizerAlgorithm } from '../training/tokenizer.ts'

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

interface TeacherRun extends StageRun {
  label: string
  open: OpenCorpus
  settings: TeacherSettings
}

/** Trains a dual encoder from random weights on a corpus' train split, images against captions in every language at every step. Writes dir/student. */
export async function trainTeacher({ open, settings, ...run }: TeacherRun): Promise<StageResult> {
  const student = async (set: TrainingSet) => {
    const tokenizerDir = await runTokenizer(run.dir, set, settings, run.resume)
    const tokenizer = await loadTokenizer(tokenizerDir, { remember: true })
    const { vocabSize, contextLength } = tokenizer
    const config = preset(settings.student, { vocabSize, embedDim: settings.embedDim, contextLength })
    return { model: createDualEncoder(config, settings.seed), tokenizerDir, tokenizer }
  }
  return await runStage({ ...run, settings, corpus: open.corpus, student, weights: parseObjectives(settings.objective), validateOn: open })
}
