import { preset, textPreset } from '../models/config.ts'
import { createDualEncoder, type DualEncoder } from '../models/dual-encoder.ts'
import { inherit } from '../models/inherit.ts'
import { loadTokenizer, type Tokenizer } from '../tokenizers/load.ts'
import { patchSizeOf, type StartFrame, type StartSettings, startSource } from './start-source.ts'
import { runTokenizer } from './tokenizer.ts'

/** The student as training finds it. */
export interface Start {
  model: DualEncoder
  tokenizerDir: string
  tokenizer: Tokenizer
}

export interface StartOptions extends StartFrame {
  /** Run folder, where a tokenizer of its own goes, or lies if the run is resumed. */
  dir: string
  resume?: boolean
  /** What a tokenizer is trained on. */
  texts: readonly string[]
}

/**
 * Makes the student: from random weights, from another student as it is (`init`), or cut out of a larger one (`inherit`); the latter two
 * bring their tokenizer.
 * @throws UserError as startSource does
 */
export async function startStudent(settings: StartSettings, { dir, texts, resume, ...frame }: StartOptions): Promise<Start> {
  const source = await startSource(settings, frame)
  if (source) {
    const { folder, model, target } = source
    return withTokenizer(target ? inherit(model, target) : model, folder)
  }
  const tokenizerDir = await runTokenizer(dir, texts, settings, resume)
  const tokenizer = await loadTokenizer(tokenizerDir, { remember: true })
  const { vocabSize, contextLength } = tokenizer
  const { seed, student } = settings
  const { imageSize, keptImage } = frame
  if (keptImage) {
    const config = textPreset(student, keptImage.id, { vocabSize, embedDim: keptImage.embedDim, imageSize, contextLength })
    return { model: { ...createDualEncoder(config, seed), keptImage }, tokenizerDir, tokenizer }
  }
  const patchSize = patchSizeOf(imageSize, settings.patchSize)
  const config = preset(student, { vocabSize, embedDim: settings.embedDim ?? frame.embedDim, imageSize, patchSize, contextLength })
  return { model: createDualEncoder(config, seed), tokenizerDir, tokenizer }
}

/** A model as it is, and its tokenizer. */
export async function withTokenizer(model: DualEncoder, tokenizerDir: string): Promise<Start> {
  return { model, tokenizerDir, tokenizer: await loadTokenizer(tokenizerDir, { remember: true }) }
}
