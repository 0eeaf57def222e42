import { UserError } from '../base/errors.ts'
import type { OpenCorpus } from '../corpora/open.ts'
import type { Corpus } from '../corpora/sample.ts'
import type { DualEncoder } from '../models/dual-encoder.ts'
import { openOnnxFolder } from '../models/onnx/open-folder.ts'
import type { PoolSettings } from '../training/pool-settings.ts'
import { runStage, type StageResult, type StageRun } from '../training/run-stage.ts'
import { captionedSource, type Source } from '../training/source.ts'
import type { Stage2Settings } from '../training/stage2-settings.ts'
import { withTokenizer } from '../training/start-student.ts'
import { mixed, poolSource } from './pool-source.ts'

export interface Stage2Run extends StageRun {
  open: OpenCorpus
  /** The clean pair set; default: the corpus' own. */
  pairs?: Corpus
  /** The student of stage 1; updated in place. */
  model: DualEncoder
  tokenizerDir: string
  settings: Stage2Settings
  /** What of the teacher the student is to keep, where settings.textShare asks for it: its features of texts without images. */
  kept?: KeptTexts
}

interface KeptTexts {
  pool: PoolSettings
  /** The teacher's folder. */
  teacher: string
  logitScale?: number
}

/** Objectives of the pair set. */
export const stage2Weights = { task: 1 }

/**
 * Stage 2 (DC-CLIP): aligns images and texts with symmetric InfoNCE on a small clean pair set, languages in balance at every step. With a share for texts without
 * images, these are distilled beside it, so that the student does not unlearn them.
 * @throws UserError where the student's embedding has other dimensions than the teacher whose features it is to keep
 */
export async function runStage2({ open, pairs, model, tokenizerDir, kept, ...run }: Stage2Run): Promise<StageResult> {
  const main = await captionedSource(pairs ?? open.pairs, run.languages, { weights: stage2Weights })
  const train = (texts?: Source) =>
    runStage({ ...run, label: 'stage 2', sources: mixed(main, texts), student: () => withTokenizer(model, tokenizerDir), validateOn: open })
  if (!kept || run.settings.textShare === 0) return await train()
  const teacher = await openOnnxFolder(kept.teacher, { threads: run.settings.threads, device: run.settings.device, logitScale: kept.logitScale })
  try {
    requireSameSpace(kept.teacher, teacher.embedDim, model.config.projection_dim)
    return await train(await poolSource({ ...kept.pool, languages: run.languages, open }, run.settings, { teacher, others: [] }))
  } finally {
    await teacher.release()
  }
}

function requireSameSpace(where: string, teacher: number, student: number): void {
  if (teacher === student) return
  const hint = "Leave --text-share of stage 2 out, or give the student the teacher's dimension in stage 1 (--embed-dim)."
  throw new UserError({ where, expected: `a teacher of ${student} dimensions, the student's`, got: `${teacher}`, hint })
}
