import { existsSync } from 'node:fs'
import { UserError } from '../base/errors.ts'
import type { OnBadSample } from '../corpora/bad-row.ts'
import { defaultCorpus, isEmbeddedCorpus, isEmbeddedTexts } from '../corpora/emoji/embedded.ts'
import type { Frame } from '../corpora/framing.ts'
import { type OpenCorpus, openCorpus } from '../corpora/open.ts'
import { openTexts } from '../corpora/open-texts.ts'
import type { Language } from '../corpora/sample.ts'
import { type PreparedTask, prepareTask } from '../eval/retrieval-tasks.ts'
import type { DataFlags, TrainedOn } from './trained-on.ts'

/** A corpus, and the languages of it; without any, all that a protocol has. */
export interface RunData {
  open: OpenCorpus
  languages?: Language[]
}

/** With the names by which the same data is opened again. */
export type NamedData = RunData & DataFlags & { corpus: string }
type KnownData = Required<Pick<DataFlags, 'corpus' | 'languages'>>

/** What models are trained and measured on that come from no run, unless flags say otherwise. */
export const usualData = { corpus: defaultCorpus, languages: ['en', 'zh'] }

/**
 * Opens the corpus that `wanted` names, else the one that a model was trained on, if that has pictures, else the `usual` one; undefined when none is known. Another
 * corpus has languages and another folder of images.
 * @throws UserError as openCorpus does
 */
export async function openRunData(wanted: DataFlags, trained: TrainedOn | undefined, usual: KnownData): Promise<NamedData & KnownData>
export async function openRunData(wanted: DataFlags, trained: TrainedOn | undefined, usual: { corpus: string }): Promise<NamedData>
export async function openRunData(wanted: DataFlags, trained?: TrainedOn): Promise<NamedData | undefined>
export async function openRunData(wanted: DataFlags, trained: TrainedOn = {}, usual: DataFlags = {}): Promise<NamedData | undefined> {
  const known = await withPictures(trained)
  const corpus = wanted.corpus ?? known.corpus ?? usual.corpus
  if (corpus === undefined) return undefined
  const same = corpus === known.corpus ? known : {}
  const { languages = same.languages ?? usual.languages, imagesDir = same.imagesDir } = wanted
  const { captionLanguage = same.captionLanguage, quoting = same.quoting, onBadSample = same.onBadSample } = wanted
  if (wanted.corpus === undefined && corpus === known.corpus && !isEmbeddedCorpus(corpus) && !existsSync(corpus)) {
    const hint = 'The model was trained on it: name with --corpus where it is now, or what else to use.'
    throw new UserError({ where: corpus, expected: 'the file that it was in', got: 'no such file', hint })
  }
  const open = await openCorpus(corpus, { languages, imagesDir, captionLanguage, quoting, onBadSample })
  return { open, corpus, imagesDir, captionLanguage, quoting, onBadSample, languages }
}

/** Of a run on texts alone the corpus that has pictures of the same things, if there is one. */
async function withPictures(trained: TrainedOn): Promise<DataFlags> {
  const { corpus, imagesDir, captionLanguage, quoting, onBadSample, languages } = trained
  const texts = corpus === undefined ? undefined : await openTextsOf(corpus, quoting, onBadSample)
  if (!texts) return { corpus, imagesDir, captionLanguage, quoting, onBadSample, languages }
  return texts.pictures === undefined ? {} : { corpus: texts.pictures, languages }
}

/** Undefined for what holds pictures, and for a file that is gone. */
async function openTextsOf(corpus: string, quoting?: boolean, onBadSample?: OnBadSample) {
  return existsSync(corpus) || isEmbeddedTexts(corpus) ? openTexts(corpus, { quoting, onBadSample }) : undefined
}

/** @throws UserError for a flag that says how to measure, where no corpus is known to measure on */
export function requireNothingToMeasure<Flags extends DataFlags>(flags: Flags, model: string, more: (keyof Flags & string)[] = []): void {
  const given = ['imagesDir', 'captionLanguage', 'quoting', 'onBadSample', 'languages', ...more].find(
    (name) => flags[name as keyof Flags] !== undefined,
  )
  if (!given) return
  const hint = `Name a --corpus to measure on, or leave --${given} out.`
  throw new UserError({ where: `--${given}`, expected: `a corpus that ${model} was trained on`, got: 'none known', hint })
}

/**
 * Decodes the pictures of protocols into the cache, as the models will see them, where evaluation finds them: those that cannot be read are met before training, not after it.
 * @throws UserError that names them, of the first protocol that has any
 */
export async function decodeProtocols(
  { open, languages }: RunData,
  protocols: readonly string[],
  frames: readonly Frame[],
  cacheDir: string,
): Promise<void> {
  for (const protocol of new Set([open.defaultValidation, ...protocols])) {
    const known = open.languagesOf(protocol)
    for (const language of (languages ?? known).filter((one) => known.includes(one)))
      for (const frame of frames) (await prepareTask(await open.task(protocol, language), frame, cacheDir)).pixels.close()
  }
}

/** The tasks of the corpus' validation protocol, one a language, with pictures as a model sees them. */
export async function validationTasks({ open, languages }: RunData, frame: Frame, cacheDir: string): Promise<PreparedTask[]> {
  const protocol = open.defaultValidation
  const tasks = []
  for (const language of languages ?? open.languagesOf(protocol)) tasks.push(await prepareTask(await open.task(protocol, language), frame, cacheDir))
  return tasks
}

/**
 * The tasks that a score is chosen on below which nothing fits: those of the corpus' thresholdProtocols, with pictures as a model sees them.
 * @param known tasks of the same data and frame: not prepared again
 */
export async function thresholdTasks(
  { open, languages }: RunData,
  frame: Frame,
  cacheDir: string,
  known: readonly PreparedTask[] = [],
): Promise<PreparedTask[]> {
  const tasks: PreparedTask[] = []
  for (const protocol of open.thresholdProtocols) {
    const there = open.languagesOf(protocol)
    for (const language of (languages ?? there).filter((one) => there.includes(one))) {
      const same = known.find(({ task }) => task.protocol === protocol && task.language === language)
      tasks.push(same ?? (await prepareTask(await open.task(protocol, language), frame, cacheDir)))
    }
  }
  return tasks
}
