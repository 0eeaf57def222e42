import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { copyFolder, rename, rm, writeFileAtomic } from '../base/disk.ts'
import type { OpenCorpus } from '../corpora/open.ts'
import { createDualEncoder } from '../models/dual-encoder.ts'
import { readModelFolder } from '../models/folder.ts'
import { runStage, type StageRun } from '../training/run-stage.ts'
import { captionedSource } from '../training/source.ts'
import type { Stage1Settings } from '../training/stage1-settings.ts'
import type { Stage2Settings } from '../training/stage2-settings.ts'
import { withTokenizer } from '../training/start-student.ts'
import { runStage2 } from './stage2.ts'

interface ScratchRun extends StageRun {
  open: OpenCorpus
  /** The student after stage 1, whose sizes and tokenizer the twin has: only the teacher is taken away. */
  studentDir: string
  stage1: Stage1Settings
  stage2: Stage2Settings
}

/** Multiples of the student's learning rate that are tried. */
const factors = [0.25, 0.5, 1]

/**
 * The student's twin without a teacher: same size, tokenizer, data, steps and stage 2, InfoNCE instead of distillation, fresh
 * augmentation every epoch. Trained with three learning rates; the best on validation is kept in dir/student.
 */
export async function trainScratch({ open, stage1, stage2, studentDir, ...run }: ScratchRun): Promise<void> {
  const { config, framing } = await readModelFolder(studentDir)
  const tried: { dir: string; learningRate: number; recall: number }[] = []
  for (const factor of factors) {
    const learningRate = stage1.learningRate * factor
    const dir = join(run.dir, `rate-${learningRate}`)
    const model = { ...createDualEncoder(config, stage1.seed), framing }
    await runStage({
      ...run,
      label: `scratch, rate ${learningRate}`,
      sources: [await captionedSource(open.corpus, run.languages, { weights: { task: 1 } })],
      student: () => withTokenizer(model, studentDir),
      settings: { ...stage1, learningRate },
      validateOn: open,
      dir: join(dir, 'stage1'),
    })
    await runStage2({ ...run, open, model, tokenizerDir: studentDir, settings: stage2, dir: join(dir, 'stage2') })
    tried.push({ dir: join(dir, 'stage2'), learningRate, recall: await lastRecall(join(dir, 'stage2', 'log.jsonl')) })
  }
  const best = tried.reduce((a, b) => (b.recall > a.recall ? b : a))
  await writeFileAtomic(join(run.dir, 'rates.json'), `${JSON.stringify(tried, null, 2)}\n`)
  const [kept, unfinished] = [join(run.dir, 'student'), join(run.dir, 'student.unfinished')]
  for (const folder of [kept, unfinished]) await rm(folder)
  await copyFolder(join(best.dir, 'student'), unfinished)
  await rename(unfinished, kept)
}

/** Mean over languages of the last validation in a log. */
async function lastRecall(file: string): Promise<number> {
  const lines = (await readFile(file, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, number>)
  const last = lines.findLast((line) => 'language_gap' in line)!
  const recalls = Object.entries(last).filter(([name]) => name.startsWith('validation_mean_recall_'))
  return recalls.reduce((sum, [, recall]) => sum + recall, 0) / recalls.length
}
