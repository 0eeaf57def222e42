import { join } from 'node:path'
import { hashFiles } from '../base/hashes.ts'
import type { OpenCorpus } from '../corpora/open.ts'
import type { Corpus, Language } from '../corpora/sample.ts'
import type { TrainingResult } from '../engine/train.ts'
import { validation } from '../eval/validation.ts'
import type { DualEncoder } from '../models/dual-encoder.ts'
import { modelEncoder } from '../models/encoder.ts'
import { writeModelFolder } from '../models/folder.ts'
import { loadTokenizer } from '../tokenizers/load.ts'
import { fit } from '../training/fit.ts'
import type { Weights } from '../training/objectives/objective.ts'
import { objectiveParams } from '../training/objectives/table.ts'
import { identityOf, prepareData } from '../training/data/prepare.ts'
import type { TrainSettings } from '../training/settings.ts'

export interface ContrastiveRun {
  label: string
  /** Where validation comes from. */
  open: OpenCorpus
  /** Whose train split is learnt. */
  corpus: Corpus
  languages: Language[]
  /** Updated in place. */
  model: DualEncoder
  tokenizerDir: string
  settings: TrainSettings
  /** Default: the task loss alone. */
  weights?: Weights
  /** Run folder: gets log.jsonl, checkpoints/ and student/. */
  dir: string
  cacheDir: string
  resume?: boolean
}

/**
 * Trains a dual encoder without a teacher (InfoNCE unless other objectives are named), images against captions in every language at every step: stage 2, the emoji
 * teacher and the `scratch` baseline differ only in the model they start from and in the corpus.
 */
export async function trainContrastive(run: ContrastiveRun): Promise<TrainingResult> {
  const { label, model, settings } = run
  const data = await prepareData(run.corpus, run.languages, model.config.vision_config.image_size, run.cacheDir)
  const tokenizer = await loadTokenizer(run.tokenizerDir, { remember: true })
  const encoder = await modelEncoder(label, model, tokenizer, { threads: settings.threads })
  const identity = identityOf(run.corpus, data, model.config, settings, {
    tokenizer: await hashFiles(run.tokenizerDir, [join(run.tokenizerDir, 'tokenizer.json')]),
  })
  const weights = run.weights ?? { task: 1 }
  const { projection_dim: embedDim } = model.config
  const own = objectiveParams(weights, { embedDim, teacherDim: embedDim, classes: data.set.labelCount }, settings.seed)
  try {
    const evaluate = await validation(run.open, run.languages, encoder, run.cacheDir)
    const result = await fit({ ...run, ...data, config: model.config, params: { ...model.params, ...own }, tokenizer, weights, identity, evaluate })
    await writeModelFolder(join(run.dir, 'student'), model, run.tokenizerDir)
    return result
  } finally {
    data.pixels.close()
    await encoder.release()
  }
}
