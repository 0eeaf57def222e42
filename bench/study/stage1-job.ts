import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { openCorpus } from '../../corpora/open.ts'
import { modelEncoder } from '../../models/encoder.ts'
import { openOnnxFolder } from '../../models/onnx/open-folder.ts'
import { readLog } from '../../report/log.ts'
import { runStage1 } from '../../stages/stage1.ts'
import { loadTokenizer } from '../../tokenizers/load.ts'
import { innerTowers } from '../../training/objectives/inner-layers.ts'
import { needs, parseObjectives } from '../../training/objectives/table.ts'
import type { Stage1Settings } from '../../training/stage1-settings.ts'
import type { Measures, Site } from './job.ts'
import { peakMemory, trainingTime, validationRecall } from './log-measures.ts'
import { rareRecall } from './rare-classes.ts'
import { protocolRecall } from './recall-job.ts'

export interface Stage1Work {
  settings: Stage1Settings
  /** Protocols to measure beside the validation, `PROTOCOL.LANG`. */
  protocols?: string[]
  /** Column whose rarest classes are measured too. */
  rareOf?: string
}

/** Stage 1 itself, as the command runs it, with the teacher's tokenizer; then what its log and further measurements say. */
export async function stage1Job({ settings, protocols = [], rareOf }: Stage1Work, { place, dir }: Site): Promise<Measures> {
  const { languages, cacheDir, threads } = place
  const open = await openCorpus(place.corpus, { languages })
  const teacher = await openOnnxFolder(place.teacher, { threads })
  const isWhole = !existsSync(join(dir, 'checkpoints'))
  const weights = parseObjectives(settings.objective)
  const innerTeacher = innerTowers(weights).length > 0 ? place.teacher : undefined
  // All rows of a comparison name the column; some teach nothing of classes.
  const classColumn = needs(weights, 'classes') || needs(weights, 'centroids') ? settings.classColumn : undefined
  try {
    const own = { ...settings, threads, tokenizer: place.teacher, innerTeacher, classColumn }
    const { model, tokenizerDir } = await runStage1({ open, languages, teacher, settings: own, dir, cacheDir, resume: true })
    const log = await readLog(join(dir, 'log.jsonl'))
    const peakMemoryMB = peakMemory()
    const encoder = await modelEncoder('student', model, await loadTokenizer(tokenizerDir), { threads })
    const measures: Measures = { ...validationRecall(log), ...trainingTime(log, isWhole), peakMemoryMB }
    Object.assign(measures, await protocolRecall(open, protocols, place, encoder))
    if (rareOf) Object.assign(measures, await rareRecall(open, rareOf, place, encoder))
    await encoder.release()
    return measures
  } finally {
    await teacher.release()
  }
}
