import { join } from 'node:path'
import type { z } from 'zod'
import { UserError } from '../base/errors.ts'
import { notice } from '../base/watch.ts'
import type { OpenCorpus } from '../corpora/open.ts'
import type { Language } from '../corpora/sample.ts'
import { validation } from '../eval/validation.ts'
import { type Encoder, modelEncoder } from '../models/encoder.ts'
import { readModelFolder } from '../models/folder.ts'
import { growTable } from '../models/grow-table.ts'
import { identifyModel } from '../models/open-model.ts'
import { extendTokenizer } from '../tokenizers/extend.ts'
import { loadTokenizer, spells } from '../tokenizers/load.ts'
import { writeTokenizer } from '../tokenizers/train.ts'
import type { AddedCount, AddedTexts } from '../training/data/added-texts.ts'
import type { Weights } from '../training/objectives/objective.ts'
import { runStage, type StageRun } from '../training/run-stage.ts'
import type { Source } from '../training/source.ts'
import { type Start, withTokenizer } from '../training/start-student.ts'
import { mixed } from './pool-source.ts'
import type { addLanguageTraining } from './settings/add-language.ts'

interface LanguageRun extends StageRun {
  /** The model's, which stays as it is. */
  folder: string
  known: Language[]
  open: OpenCorpus
  texts: AddedTexts
  weights: Weights
  settings: z.output<typeof addLanguageTraining>
  newTokens: number
}

/** Language → mean recall on the corpus' validation protocol, where that has the language. */
export interface LanguageRecalls {
  before: Record<Language, number>
  after: Record<Language, number>
}

/**
 * Trains a copy of a model's text tower on texts of new languages, whose targets are the model's own features of their counterparts, beside texts of the old ones,
 * whose targets are its features of themselves (multilingual distillation, Reimers and Gurevych 2020). The image tower stays as it is, bit for bit.
 * @throws UserError for a tokenizer that cannot spell the texts and cannot be gone on with
 */
export async function runLanguageStage({ folder, known, texts, weights, newTokens, ...run }: LanguageRun): Promise<LanguageRecalls> {
  const { open, settings, cacheDir, languages } = run
  const frozen = await frozenModel(folder, settings.threads)
  const measured = languages.filter((language) => open.languagesOf(open.defaultValidation).includes(language))
  let reader = frozen
  const seen: Encoder = { ...frozen, encodeTexts: (list) => reader.encodeTexts(list) } // pictures are embedded once: their tower stays
  try {
    const recalls = measured.length > 0 ? await validation(open, measured, seen, cacheDir, { imagesLearn: false }) : async () => ({})
    const before = recallsOf(await recalls())
    const start = await startOf(folder, texts, newTokens, run.dir)
    const source = (name: string, set: AddedTexts['learnt'], share: number, notes: string[]): Source => ({
      name,
      set,
      share,
      weights,
      batchSize: settings.batchSize,
      distillation: { teachers: { teacher: frozen, others: [] }, variants: 1, targets: 'plain' },
      notes,
    })
    const { model } = await runStage({
      ...run,
      label: 'add-language',
      languages: measured,
      settings: { ...settings, keepPatches: 1, unmaskedTail: 0, augmentation: 'none', strength: 1 },
      sources: mixed(
        source('texts', texts.learnt, 1, texts.counts.map(noteOf)),
        settings.keptShare > 0 ? source('kept', texts.kept, settings.keptShare, [`in ${known.join(', ')}, to be kept`]) : undefined,
      ),
      student: async () => start,
      validateOn: measured.length > 0 ? open : undefined,
    })
    const learnt = await modelEncoder('student', model, start.tokenizer, { threads: settings.threads })
    reader = learnt
    const after = recallsOf(await recalls().finally(() => learnt.release()))
    return { before, after }
  } finally {
    await frozen.release()
  }
}

/** Named by its content: features of the same model in another folder are the same. */
async function frozenModel(folder: string, threads?: number): Promise<Encoder> {
  const { hash } = await identifyModel(folder)
  const model = await readModelFolder(folder)
  return modelEncoder(`model-${hash}`, model, model.tokenizer, { threads })
}

/** The model with a vocabulary for the new texts, and the folder of its tokenizer. */
async function startOf(folder: string, { learnt, kept }: AddedTexts, newTokens: number, dir: string): Promise<Start> {
  const model = await readModelFolder(folder)
  const fresh = (learnt.unpaired ?? []).flatMap((group) => Array.from(group, (text) => learnt.texts[text]!))
  const extended = newTokens > 0 ? await extendTokenizer(folder, { texts: fresh, kept: kept.texts, tokens: newTokens }) : undefined
  if (!extended) {
    requireSpelled(model, fresh, folder, newTokens)
    return await withTokenizer(model, folder)
  }
  const tokenizerDir = join(dir, 'tokenizer')
  await writeTokenizer(tokenizerDir, extended.files)
  const tokenizer = await loadTokenizer(tokenizerDir)
  const { texts, targets } = learnt
  const bare = (text: number) => tokenizer.encode(texts[text]!).filter((id) => id !== tokenizer.bosId && id !== tokenizer.eosId)
  const pairs = (learnt.unpaired ?? []).flatMap((group) => Array.from(group, (text) => ({ text: bare(text), counterpart: bare(targets![text]!) })))
  const start = await withTokenizer(growTable(model, model.tokenizer.vocabSize, extended.pieces, pairs), tokenizerDir)
  const lengths = [model.tokenizer, start.tokenizer].map(({ encode }) => fresh.reduce((sum, text) => sum + encode(text).length, 0) / fresh.length)
  notice(`vocabulary: ${extended.pieces.length} new tokens; ${lengths.map((mean) => mean.toFixed(1)).join(' → ')} tokens a new text`)
  return start
}

function requireSpelled({ tokenizer }: Pick<Start, 'tokenizer'>, texts: string[], folder: string, newTokens: number): void {
  const unknown = texts.filter((text) => !spells(tokenizer, text)).length
  if (unknown === 0) return
  const hint =
    newTokens > 0
      ? 'Only a byte-pair encoding of ours can be gone on with: train a student with a tokenizer of its own (stage1, distill).'
      : 'Let its vocabulary grow: --new-tokens 2000.'
  throw new UserError({
    where: folder,
    expected: 'a tokenizer that spells the new texts',
    got: `${unknown} of ${texts.length} with unknown characters`,
    hint,
  })
}

function recallsOf(scores: Record<string, number>): Record<Language, number> {
  const prefix = 'validation_mean_recall_'
  return Object.fromEntries(Object.entries(scores).flatMap(([name, score]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), score]] : [])))
}

function noteOf({ language, texts, alone }: AddedCount): string {
  return `${language}: ${texts} texts with a counterpart${alone > 0 ? `; ${alone} without one left out` : ''}`
}
