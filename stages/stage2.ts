import type { z } from 'zod'
import type { OpenCorpus } from '../corpora/open.ts'
import type { Corpus } from '../corpora/sample.ts'
import type { DualEncoder } from '../models/dual-encoder.ts'
import { runStage, type StageResult, type StageRun } from '../training/run-stage.ts'
import { trainSettings } from '../training/settings.ts'
import { withTokenizer } from '../training/start-student.ts'

export const stage2Settings = trainSettings.extend({
  steps: trainSettings.shape.steps.default(150),
  batchSize: trainSettings.shape.batchSize.default(256),
  learningRate: trainSettings.shape.learningRate.default(3e-4),
  // Names and drawings as they are: strong style changes teach nothing new here and cost recall (docs/log.md).
  augmentation: trainSettings.shape.augmentation.unwrap().default('mild'),
  warmup: trainSettings.shape.warmup.default(20),
})
export type Stage2Settings = z.output<typeof stage2Settings>

interface Stage2Run extends StageRun {
  open: OpenCorpus
  /** The clean pair set; default: the corpus' own. */
  pairs?: Corpus
  /** The student of stage 1; updated in place. */
  model: DualEncoder
  tokenizerDir: string
  settings: Stage2Settings
}

/** Stage 2 (DC-CLIP): aligns images and texts with symmetric InfoNCE on a small clean pair set, languages in balance at every step. */
export async function runStage2({ open, pairs, model, tokenizerDir, ...run }: Stage2Run): Promise<StageResult> {
  return await runStage({
    ...run,
    label: 'stage 2',
    corpus: pairs ?? open.pairs,
    student: () => withTokenizer(model, tokenizerDir),
    weights: { task: 1 },
    validateOn: open,
  })
}
