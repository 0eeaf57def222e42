import { UserError } from '../base/errors.ts'
import { defaultCorpus } from '../corpora/emoji/embedded.ts'
import { parallelRows } from '../corpora/parallel-rows.ts'
import { openPool } from '../corpora/pool/open.ts'
import type { Language } from '../corpora/sample.ts'
import { requireDevice } from '../engine/compile.ts'
import { findModel } from '../models/find-model.ts'
import { readModelFolder } from '../models/folder.ts'
import { verifyModelFolder } from '../models/verify.ts'
import { openRunData } from '../run/run-data.ts'
import { inRunFolder } from '../run/run-folder.ts'
import { writeSkipped } from '../run/skipped.ts'
import { trainedOn } from '../run/trained-on.ts'
import { type AddedCount, addedTexts } from '../training/data/added-texts.ts'
import { requireNeeds } from '../training/objectives/requirements.ts'
import { parseObjectives } from '../training/objectives/table.ts'
import { type LanguageRecalls, runLanguageStage } from './language-stage.ts'
import { type AddLanguageSettings, addLanguageSettings, addLanguageTraining } from './settings/add-language.ts'

/** The same texts in every run, whatever its seed: features of kept texts are made once. */
const textSeed = 1

/**
 * Teaches a model further languages by texts alone: its text tower learns its own features of their counterparts in a language that it has.
 * @returns mean recall on validation, before and after
 * @throws UserError for languages that the model has or that there are no texts in, and for a model that is none of ours: before anything is trained
 */
export async function addLanguage(config: AddLanguageSettings): Promise<LanguageRecalls> {
  const { model: named, language: added, out, cacheDir, resume, textLimit: limit } = config
  requireDevice(config)
  const weights = parseObjectives(config.objective)
  requireNeeds(weights, { texts: true, teacher: true })
  const folder = findModel(named)
  await verifyModelFolder(folder)
  await readModelFolder(folder)
  const trained = await trainedOn(named)
  const known = config.known ?? trained?.languages ?? unknownLanguages(named)
  requireNew(named, added, known)
  const pivot = config.pivot ?? (known.includes('en') ? 'en' : known[0]!)
  if (!known.includes(pivot)) throw unknownPivot(pivot, known)
  const { open, ...data } = await openRunData(config, { ...trained, languages: undefined }, { corpus: defaultCorpus })
  const languages = [...known, ...added]
  const pool = await openPool({ languages, heldOut: open.heldOut?.(), files: config.texts })
  const rows = { corpus: await parallelRows(open.corpus, languages, pivot), pool: pool.rows }
  const texts = addedTexts(rows, { added, known, pivot, limit, seed: textSeed })
  requireTexts(texts.counts, pivot, open.corpus.name)
  const recorded = { ...config, ...data, known, pivot, languages, teacher: trained?.teacher }
  return await inRunFolder({ command: 'add-language', schema: addLanguageSettings, config: recorded }, async () => {
    await writeSkipped(out, open.corpus)
    const settings = addLanguageTraining.parse(config)
    return await runLanguageStage({
      folder,
      known,
      languages,
      open,
      texts,
      weights,
      settings,
      newTokens: config.newTokens,
      dir: out,
      cacheDir,
      resume,
    })
  })
}

function unknownLanguages(model: string): never {
  const hint = 'Name them, such as --known en,zh: their texts are learnt beside the new ones, so that they are kept.'
  throw new UserError({
    where: model,
    expected: 'a run, whose settings say which languages the model has',
    got: 'a folder that comes from none',
    hint,
  })
}

function requireNew(model: string, added: Language[], known: Language[]): void {
  const there = added.find((language) => known.includes(language))
  if (there === undefined) return
  const hint = 'Name another. To have it learn a language anew, leave it out of --known.'
  throw new UserError({ where: model, expected: `languages beside ${known.join(', ')}, which it has`, got: there, hint })
}

function unknownPivot(pivot: Language, known: Language[]): UserError {
  const hint = 'Its texts say what the new ones mean: the model has to know them.'
  return new UserError({ where: `--pivot ${pivot}`, expected: `a language that the model has (${known.join(', ')})`, got: pivot, hint })
}

function requireTexts(counts: AddedCount[], pivot: Language, corpus: string): void {
  const lost = counts.find(({ texts }) => texts === 0)
  if (!lost) return
  const { language, alone } = lost
  throw new UserError({
    where: `language ${language}`,
    expected: `texts beside their counterparts in ${pivot}, in corpus ${corpus} or in --texts`,
    got: alone > 0 ? `${alone} texts, none of them with a counterpart` : 'none',
    hint: `Write a .tsv with the columns ${pivot} and ${language}, one pair a line, and name it with --texts; --pivot takes another language than ${pivot}.`,
  })
}
