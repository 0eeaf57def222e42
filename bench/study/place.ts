import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import { type OpenCorpus, openCorpus } from '../../corpora/open.ts'
import { contentOf } from '../../corpora/pixel-cache.ts'
import type { Language } from '../../corpora/sample.ts'
import { openOnnxFolder } from '../../models/onnx/open-folder.ts'
import { prepareData } from '../../training/data/prepare.ts'
import type { Flags } from '../subject.ts'

/** On what a study trains and measures, and where it keeps things; plain data, because child processes are given it. */
export interface Place {
  corpus: string
  languages: Language[]
  /** Folder of the teacher. Students share its tokenizer: nothing but what a study compares shall differ. */
  teacher: string
  cacheDir: string
  /** Gets a folder a run. */
  runs: string
  /** Gets results, tables and figures. */
  out: string
  threads?: number
}

/** Flags of every study, with their defaults. */
export const placeFlags = {
  corpus: 'emoji',
  languages: 'en,zh',
  teacher: 'models/teachers/bridged',
  cacheDir: '.cache',
  runs: 'runs/bench',
  out: 'docs/ablation',
  threads: 0,
}

export function placeOf(flags: Flags): Place {
  const { corpus, languages, teacher, cacheDir, runs, out, threads } = flags as typeof placeFlags
  return { corpus, languages: languages.split(','), teacher, cacheDir, runs, out, ...(threads > 0 && { threads }) }
}

/** What a place holds. */
export interface World {
  /**
   * Hash of all that a result depends on beside a run's own settings: training images, captions and columns, the validation protocol's texts
   * and images, languages, the teacher's files.
   */
  hash: string
  /** Images of the train split. */
  images: number
  imageSize: number // pixels
  embedDim: number // Et
  /** The validation protocol. */
  validation: string
}

export async function openWorld(place: Place): Promise<World> {
  const open = await openCorpus(place.corpus, { languages: place.languages })
  const teacher = await openOnnxFolder(place.teacher, { threads: place.threads })
  await teacher.release()
  const { id, embedDim, imageSize } = teacher
  const { set, pixels } = await prepareData(open.corpus, place.languages, teacher, place.cacheDir)
  pixels.close()
  const hash = createHash('sha256').update(JSON.stringify([id, basename(pixels.file), set.texts, set.captions, Array.from(set.classes)]))
  for await (const { columns } of open.corpus.samples('train')) hash.update(JSON.stringify(columns ?? {}))
  for (const language of place.languages) hash.update(JSON.stringify(await validationOf(open, language)))
  return { hash: hash.digest('hex'), images: set.images.length, imageSize, embedDim, validation: open.defaultValidation }
}

async function validationOf({ task, defaultValidation }: OpenCorpus, language: Language) {
  const { texts, positives, images } = await task(defaultValidation, language)
  return {
    language,
    texts,
    positives,
    images: images.map(({ source }) => contentOf(source)),
  }
}
