import type { OpenCorpus } from '../corpora/open.ts'
import type { Corpus } from '../corpora/sample.ts'
import type { DualEncoder } from '../models/dual-encoder.ts'
import { runStage, type StageResult, type StageRun } from '../training/run-stage.ts'
import type { Stage2Settings } from '../training/stage2-settings.ts'
import { withTokenizer } from '../training/start-student.ts'

export interface Stage2Run extends StageRun {
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
