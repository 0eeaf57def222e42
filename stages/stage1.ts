import { join } from 'node:path'
import { z } from 'zod'
import type { OpenCorpus } from '../corpora/open.ts'
import type { Language } from '../corpora/sample.ts'
import type { TrainingResult } from '../engine/train.ts'
import { preset, presetNames } from '../models/config.ts'
import { createDualEncoder, type DualEncoder } from '../models/dual-encoder.ts'
import { type Encoder, modelEncoder } from '../models/encoder.ts'
import { writeModelFolder } from '../models/folder.ts'
import { loadTokenizer } from '../tokenizers/load.ts'
import { createAdapters, settleAdapters } from './adapters.ts'
import { teacherFeatures } from './features.ts'
import { fit } from './fit.ts'
import { objectiveSettings } from './objectives/settings.ts'
import { objectiveParams, parseObjectives, teachesOwnSpace } from './objectives/table.ts'
import { identityOf, prepareData } from './prepare.ts'
import { trainSettings } from './settings.ts'
import { runTokenizer } from './tokenizer.ts'
import { validation } from './validation.ts'

export const stage1Settings = trainSettings.extend({
  student: z.enum(presetNames).default('tiny').describe('size of the student'),
  objective: z.string().default('task:1,fd:4,crd:1').describe('distillation objectives with their weights'),
  embedDim: z.int().positive().optional().describe("dimension of the student's embedding (default: the teacher's)"),
  variants: z.int().positive().default(8).describe('augmented versions of every image that the teacher embeds once'),
  tokenizer: z.string().optional().describe('folder of a tokenizer (default: one is trained on the captions)'),
  vocabSize: z.int().min(260).default(6000).describe('vocabulary of the trained tokenizer'),
  steps: trainSettings.shape.steps.default(1200),
  batchSize: trainSettings.shape.batchSize.default(256),
  learningRate: trainSettings.shape.learningRate.default(2e-3),
  warmup: trainSettings.shape.warmup.default(100),
  ...objectiveSettings.shape,
})
export type Stage1Settings = z.output<typeof stage1Settings>

export interface Stage1Run {
  open: OpenCorpus
  languages: Language[]
  teacher: Encoder
  settings: Stage1Settings
  dir: string
  cacheDir: string
  resume?: boolean
}

/**
 * Stage 1 (DC-CLIP): distils the teacher's cached image and text features into a student made from random weights, on the whole
 * train split. Writes dir/student. Returns the student and the folder of its tokenizer.
 */
export async function runStage1(run: Stage1Run): Promise<{ model: DualEncoder; tokenizerDir: string; result: TrainingResult }> {
  const { open, languages, teacher, settings, dir, cacheDir } = run
  const weights = parseObjectives(settings.objective)
  const data = await prepareData(open.corpus, languages, teacher.imageSize, cacheDir)
  const tokenizerDir = await runTokenizer(dir, data.set, settings)
  const tokenizer = await loadTokenizer(tokenizerDir)
  const embedDim = settings.embedDim ?? teacher.embedDim
  const config = preset(settings.student, { vocabSize: tokenizer.vocabSize, embedDim, imageSize: teacher.imageSize, contextLength: tokenizer.contextLength })
  const model = createDualEncoder(config, settings.seed)
  const adapters = createAdapters(embedDim, teacher.embedDim, settings.seed)
  const own = objectiveParams(weights, { embedDim, teacherDim: teacher.embedDim, classes: data.set.classCount }, settings.seed)
  const params = { ...model.params, ...adapters, ...own }
  const policy = { name: settings.augmentation, strength: settings.strength }
  const features = await teacherFeatures(teacher, data.set, data.pixels, { cacheDir, variants: settings.variants, policy, seed: settings.seed })
  const encoder = await modelEncoder('student', model, tokenizer, { threads: settings.threads })
  // Where only the adapted space learns, a validation of the student's own would show chance.
  const measurable = embedDim === teacher.embedDim || teachesOwnSpace(weights)
  const evaluate = measurable ? await validation(open, languages, encoder, cacheDir) : undefined
  const identity = identityOf(open.corpus, data, config, settings, { teacher: teacher.id })
  try {
    const result = await fit({ label: 'stage 1', dir, config, params, ...data, tokenizer, weights, settings, objectiveSettings: objectiveSettings.parse(settings), teacher: features, identity, resume: run.resume, evaluate })
    const settled = settleAdapters(model, adapters, weights)
    process.stderr.write(`stage 1: ${settled.note}\n`)
    await writeModelFolder(join(dir, 'student'), settled.model, tokenizerDir)
    return { model: settled.model, tokenizerDir, result }
  } finally {
    data.pixels.close()
    await encoder.release()
  }
}
