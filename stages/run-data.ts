import { type OpenCorpus, openCorpus } from '../corpora/open.ts'
import type { Language } from '../corpora/sample.ts'
import { UserError } from '../engine/errors.ts'
import { type PreparedTask, prepareTask } from './evaluation/retrieval-tasks.ts'
import type { TrainedOn } from './trained-on.ts'

/** A corpus, and the languages of it that are asked for; without any, all that a protocol has. */
export interface RunData {
  open: OpenCorpus
  languages?: Language[]
}

/**
 * Opens the corpus that `wanted` names, else the one that a model was trained on; undefined when neither is known.
 * @throws UserError as openCorpus does
 */
export async function openRunData(wanted: Omit<TrainedOn, 'teacher'>, trained: TrainedOn = {}): Promise<RunData | undefined> {
  const { corpus = trained.corpus, languages = trained.languages } = wanted
  if (corpus === undefined) return undefined
  // Another corpus has another folder of images.
  const imagesDir = wanted.imagesDir ?? (corpus === trained.corpus ? trained.imagesDir : undefined)
  const open = await openCorpus(corpus, { languages, imagesDir }).catch((error) => {
    if (wanted.corpus !== undefined || !(error instanceof UserError)) throw error
    const hint = 'The model was trained on it: name with --corpus where it is now.'
    throw new UserError({ ...error.fields, hint })
  })
  return { open, languages }
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
