import type { OpenCorpus } from '../corpora/open.ts'
import { preset } from '../models/config.ts'
import { createDualEncoder } from '../models/dual-encoder.ts'
import { loadTokenizer } from '../tokenizers/load.ts'
import { parseObjectives } from '../training/objectives/table.ts'
import { runStage, type StageResult, type StageRun } from '../training/run-stage.ts'
import { captionedSource } from '../training/source.ts'
import type { TeacherSettings } from '../training/teacher-settings.ts'
import { runTokenizer } from '../training/tokenizer.ts'

interface TeacherRun extends StageRun {
  label: string
  open: OpenCorpus
  settings: TeacherSettings
}

/** Trains a dual encoder from random weights on a corpus' train split, images against captions in every language at every step. Writes dir/student. */
export async function trainTeacher({ open, settings, ...run }: TeacherRun): Promise<StageResult> {
  const source = await captionedSource(open.corpus, run.languages, { weights: parseObjectives(settings.objective) })
  const student = async () => {
    const tokenizerDir = await runTokenizer(run.dir, source.set.texts, settings, run.resume)
    const tokenizer = await loadTokenizer(tokenizerDir, { remember: true })
    const { vocabSize, contextLength } = tokenizer
    const config = preset(settings.size, { vocabSize, embedDim: settings.embedDim, contextLength })
    return { model: createDualEncoder(config, settings.seed), tokenizerDir, tokenizer }
  }
  return await runStage({ ...run, settings, sources: [source], student, validateOn: open })
}
