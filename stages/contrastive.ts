import { join } from 'node:path'
import type { OpenCorpus } from '../corpora/open.ts'
import { buildPixelCache } from '../corpora/pixel-cache.ts'
import type { Language } from '../corpora/sample.ts'
import type { Identity } from '../engine/checkpoint.ts'
import type { TrainingResult } from '../engine/train.ts'
import { languageGap } from '../eval/languages.ts'
import type { ClipConfig } from '../models/config.ts'
import { createDualEncoder, type DualEncoder } from '../models/dual-encoder.ts'
import { type Encoder, modelEncoder } from '../models/encoder.ts'
import { writeModelFolder } from '../models/folder.ts'
import { loadTokenizer } from '../tokenizers/load.ts'
import { fit } from './fit.ts'
import type { TrainSettings } from './settings.ts'
import { loadTrainingSet } from './training-set.ts'
import { prepareTask, runTask } from './validate.ts'

export interface ContrastiveRun {
  label: string
  open: OpenCorpus
  languages: Language[]
  config: ClipConfig
  tokenizerDir: string
  settings: TrainSettings
  /** Run folder: gets log.jsonl, checkpoints/ and student/. */
  dir: string
  cacheDir: string
  resume?: boolean
}

/** Trains a dual encoder from random weights with InfoNCE alone: the teacher, and the `scratch` baseline. */
export async function trainContrastive(run: ContrastiveRun): Promise<DualEncoder & { result: TrainingResult }> {
  const { open, languages, config, settings, dir } = run
  const set = await loadTrainingSet(open.corpus, 'train', languages)
  const size = config.vision_config.image_size
  const pixels = await buildPixelCache(set.images, { dir: run.cacheDir, size, fit: 'auto' })
  const tokenizer = await loadTokenizer(run.tokenizerDir)
  const model = createDualEncoder(config, settings.seed)
  const encoder = await modelEncoder(run.label, model, tokenizer, { threads: settings.threads })
  const evaluate = await validation(open, languages, encoder)
  const identity: Identity = { corpus: open.corpus.name, images: set.images.length, languages: languages.join(), config: JSON.stringify(config), settings: JSON.stringify(settings) }
  try {
    const result = await fit({ ...run, params: model.params, set, pixels, tokenizer, weights: { task: 1 }, identity, evaluate })
    await writeModelFolder(join(dir, 'student'), model, run.tokenizerDir)
    return { ...model, result }
  } finally {
    pixels.close()
    await encoder.release()
  }
}

/** A function that measures mean recall per language on the corpus' validation protocol, and the gap between languages. */
export async function validation(open: OpenCorpus, languages: Language[], encoder: Encoder): Promise<() => Promise<Record<string, number>>> {
  const tasks = await Promise.all(languages.map(async (language) => prepareTask(await open.task(open.defaultValidation, language), encoder.imageSize, 'auto')))
  return async () => {
    const scores: Record<string, number> = {}
    const recalls: Record<string, number> = {}
    for (const prepared of tasks) {
      const { metrics, language } = await runTask(encoder, prepared)
      recalls[language] = metrics.mean_recall
      scores[`validation_mean_recall_${language}`] = metrics.mean_recall
      scores[`validation_text_to_image_R@1_${language}`] = metrics['text_to_image_R@1']
    }
    return { ...scores, language_gap: languageGap(recalls) }
  }
}
