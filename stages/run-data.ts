import { type OpenCorpus, openCorpus } from '../corpora/open.ts'
import type { Language } from '../corpora/sample.ts'
import { UserError } from '../engine/errors.ts'
import { type PreparedTask, prepareTask } from './evaluation/retrieval-tasks.ts'
import type { DataFlags, TrainedOn } from './trained-on.ts'

/** A corpus, and the languages of it that are asked for; without any, all that a protocol has. */
export interface RunData {
  open: OpenCorpus
  languages?: Language[]
}

/** With the names by which the same data is opened again. */
export type NamedData = RunData & DataFlags & { corpus: string }
type KnownData = Required<Pick<DataFlags, 'corpus' | 'languages'>>

/** What models are trained and measured on that come from no run, unless flags say otherwise. */
export const usualData = { corpus: 'emoji', languages: ['en', 'zh'] }

/**
 * Opens the corpus that `wanted` names, else the one that a model was trained on; undefined when neither is known.
 * @throws UserError as openCorpus does
 */
export async function openRunData(wanted: DataFlags, trained: TrainedOn & KnownData): Promise<NamedData & KnownData>
export async function openRunData(wanted: DataFlags, trained?: TrainedOn): Promise<NamedData | undefined>
export async function openRunData(wanted: DataFlags, trained: TrainedOn = {}): Promise<NamedData | undefined> {
  const { corpus = trained.corpus, languages = trained.languages } = wanted
  if (corpus === undefined) return undefined
  // Another corpus has another folder of images.
  const imagesDir = wanted.imagesDir ?? (corpus === trained.corpus ? trained.imagesDir : undefined)
  const open = await openCorpus(corpus, { languages, imagesDir }).catch((error) => {
    if (wanted.corpus !== undefined || !(error instanceof UserError)) throw error
    const hint = 'The model was trained on it: name with --corpus where it is now, or what else to use.'
    throw new UserError({ ...error.fields, hint })
  })
  return { open, corpus, imagesDir, languages }
}

/** @throws UserError for a flag that says how to measure, where no corpus is known to measure on */
export function requireNothingToMeasure<Flags extends DataFlags>(flags: Flags, model: string, more: (keyof Flags & string)[] = []): void {
  const given = ['imagesDir', 'languages', ...more].find((name) => flags[name as keyof Flags] !== undefined)
  if (!given) return
  const hint = `Name a --corpus to measure on, or leave --${given} out.`
  throw new UserError({ where: `--${given}`, expected: `a corpus that ${model} was trained on`, got: 'none known', hint })
}

/**
 * Decodes the pictures of protocols into the cache, where evaluation finds them: one that cannot be read is met before training, not after it.
 * @throws UserError for the first of them
 */
export async function decodeProtocols(
  { open, languages }: RunData,
  protocols: readonly string[],
  imageSize: number,
  cacheDir: string,
): Promise<void> {
  for (const protocol of new Set([open.defaultValidation, ...protocols])) {
    const known = open.languagesOf(protocol)
    for (const language of (languages ?? known).filter((one) => known.includes(one)))
      (await prepareTask(await open.task(protocol, language), imageSize, cacheDir)).pixels.close()
  }
}

/** The tasks of the corpus' validation protocol, one a language, with pictures of a model's size. */
export async function validationTasks({ open, languages }: RunData, imageSize: number, cacheDir: string): Promise<PreparedTask[]> {
  const protocol = open.defaultValidation
  const tasks = []
  for (const language of languages ?? open.languagesOf(protocol))
    tasks.push(await prepareTask(await open.task(protocol, language), imageSize, cacheDir))
  return tasks
}
