import { basename } from 'node:path'
import { UserError } from '../base/errors.ts'
import { nearest } from '../base/nearest.ts'
import { leavingOut } from './bad-row.ts'
import type { Classification } from './classification.ts'
import { isEmbeddedCorpus } from './emoji/embedded.ts'
import { openEmoji } from './emoji/open.ts'
import { photoTemplates } from './photo-templates.ts'
import type { HeldOut } from './pool/rule.ts'
import { readableCorpus } from './readable.ts'
import { findReader } from './readers/find.ts'
import type { RetrievalTask } from './retrieval-task.ts'
import type { Corpus, ImageSource, Language, Reading, Sample, Split } from './sample.ts'
import { splitProtocol } from './split-protocol.ts'
import { tableCorpus } from './table.ts'

/** A corpus, what can be measured on it, and what reports, cards and pages say of it. */
export interface OpenCorpus {
  corpus: Corpus
  /** What is measured unless something is asked for: docs/report.md's protocols for emoji, of users' files the splits that are not trained on. `task` takes `train` as well. */
  protocols: string[]
  /** What the report of the main job measures unless something is asked for: `evaluate` has time for all. */
  mainProtocols: string[]
  /** The protocols that a summary speaks of, the most important first: see headlineOf. */
  headlineProtocols: string[]
  /** Of some of them the recall that they are judged by, which a summary has beside mean recall. */
  headlineMeasures?: Record<string, `text_to_image_R@${1 | 5 | 10}`>
  /** Those of the protocols whose tasks are free queries: they have `kinds`, see RetrievalTask. */
  freeQueryProtocols: string[]
  /** The protocol that choices are made on during training. */
  defaultValidation: string
  /** The validation protocols that a score is chosen on below which nothing fits; none without a validation split. */
  thresholdProtocols: string[]
  /** Side, in pixels, at which a student sees these pictures unless --image-size says otherwise. */
  imageSize: number
  /** Throws UserError for an unknown protocol, and for a language that it has no texts in. */
  task(protocol: string, language: Language): Promise<RetrievalTask>
  /** The languages a protocol has texts in. Throws UserError for an unknown protocol. */
  languagesOf(protocol: string): Language[]
  /** The small clean pair set of stage 2, under its `train` split: for emoji the drawings with their short names alone. */
  pairs: Corpus
  /** Words that are kept for measuring: no text without images says them. */
  heldOut?(): HeldOut
  /** Drawings that a pixel nearest neighbour may compare a protocol's images with; undefined where that makes no sense. */
  references?(protocol: string): Promise<{ concept: string; source: ImageSource }[] | undefined>
  /** How images can be classified by name. */
  classifications: Classification[]
  /** What a model trained on it knows, in a sentence for the model card. */
  domain: string
  /** Who made these images and the words, under which licence. */
  credits(imageIds: readonly string[]): string
}

/** Side at which a student sees users' pictures, unless a flag says otherwise. */
export const pictureSize = 112

/**
 * Opens a corpus by name (`emoji`), or a file or folder in one of the formats of docs/data.md. Throws UserError for anything else, and as the readers do.
 * @param options.languages which languages of the emoji corpus; default all
 * @param options how a user's file is read
 */
export async function openCorpus(nameOrFile: string, options: Reading & { languages?: Language[] } = {}): Promise<OpenCorpus> {
  if (isEmbeddedCorpus(nameOrFile)) {
    const open = openEmoji(options.languages)
    return { ...open, pairs: namesOnly(open.corpus) }
  }
  const { reader, place } = await findReader(nameOrFile)
  const folder = options.imagesDir ?? (place.names ? place.path : undefined)
  const corpus = await leavingOut(nameOrFile, options.onBadSample, async (onBad): Promise<Corpus> => {
    const onBadRow = options.onBadRow ?? onBad
    const table = await tableCorpus(nameOrFile, reader.rows(place, { ...options, onBadRow }), folder, onBadRow)
    return onBad ? await readableCorpus(nameOrFile, table, onBad) : table
  })
  const heldOut = corpus.splits.filter((split) => split !== 'train')
  return {
    corpus,
    pairs: corpus,
    protocols: heldOut.length > 0 ? heldOut : corpus.splits,
    mainProtocols: heldOut.length > 0 ? heldOut : corpus.splits,
    headlineProtocols: [['test', 'val'].find((split) => heldOut.some((name) => name === split)) ?? corpus.splits[0]!],
    freeQueryProtocols: [],
    // Without a val split, rather the training images than choices made on test.
    defaultValidation: corpus.splits.includes('val') ? 'val' : corpus.splits[0]!,
    thresholdProtocols: corpus.splits.filter((split) => split === 'val'),
    imageSize: pictureSize,
    task: async (protocol, language) => splitProtocol(corpus, splitOf(corpus, protocol), language),
    languagesOf: (protocol) => corpus.languagesOf(splitOf(corpus, protocol)),
    classifications: [{ kind: 'classes', templates: photoTemplates, nameOf: ({ classId }) => classId }],
    domain: 'It knows the kind of pictures and words that it was trained on, those of the corpus above.',
    credits: () => `Pictures and words: ${basename(corpus.name)}.`,
  }
}

function splitOf(corpus: Corpus, protocol: string): Split {
  const split = corpus.splits.find((name) => name === protocol)
  if (split) return split
  throw new UserError({
    where: `corpus ${corpus.name}`,
    expected: `a protocol (${corpus.splits.join(', ')})`,
    got: protocol,
    hint: `Did you mean ${nearest(protocol, corpus.splits)}?`,
  })
}

/** The same samples with the first caption of each language, which is the name. */
function namesOnly(corpus: Corpus): Corpus {
  const first = ({ captions, ...sample }: Sample): Sample => ({
    ...sample,
    captions: Object.fromEntries(Object.entries(captions).map(([language, texts]) => [language, texts.slice(0, 1)])),
  })
  return {
    ...corpus,
    name: `${corpus.name} names`,
    async *samples(split) {
      for await (const sample of corpus.samples(split)) yield first(sample)
    },
  }
}
