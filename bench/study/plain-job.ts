import { join } from 'node:path'
import { openCorpus } from '../../corpora/open.ts'
import { preset } from '../../models/config.ts'
import { createDualEncoder } from '../../models/dual-encoder.ts'
import { readLog } from '../../report/log.ts'
import { loadTokenizer } from '../../tokenizers/load.ts'
import { runStage } from '../../training/run-stage.ts'
import { captionedSource } from '../../training/source.ts'
import type { Stage1Settings } from '../../training/stage1-settings.ts'
import { withTokenizer } from '../../training/start-student.ts'
import type { Measures, Site } from './job.ts'
import { peakMemory, trainingTime, validationRecall } from './log-measures.ts'

export interface PlainWork {
  settings: Stage1Settings
  embedDim: number
  imageSize: number
}

/** The same student on the same data without a teacher, its loss the task alone: what distillation is compared with. */
export async function plainJob({ settings, embedDim, imageSize }: PlainWork, { place, dir }: Site): Promise<Measures> {
  const { languages, cacheDir, threads } = place
  const open = await openCorpus(place.corpus, { languages })
  const { vocabSize, contextLength } = await loadTokenizer(place.teacher)
  const model = createDualEncoder(preset(settings.student, { vocabSize, embedDim, imageSize, contextLength }), settings.seed)
  await runStage({
    label: 'without a teacher',
    sources: [await captionedSource(open.corpus, languages, { weights: { task: 1 } })],
    languages,
    cacheDir,
    dir,
    student: () => withTokenizer(model, place.teacher),
    settings: { ...settings, threads },
    validateOn: open,
  })
  const log = await readLog(join(dir, 'log.jsonl'))
  return { ...validationRecall(log), ...trainingTime(log, true), peakMemoryMB: peakMemory() }
}
