import { UserError } from '../../base/errors.ts'
import { nearest } from '../../base/nearest.ts'
import { languageHint } from '../../corpora/language-hint.ts'
import type { Corpus, ImageSource, Language, Sample, Split, TextCorpus, TextSample } from '../../corpora/sample.ts'

/**
 * A split in memory: images by index, captions as indices into one list of distinct texts. Parallel texts have no images; what is said
 * of images here then holds of rows.
 */
export interface TrainingSet {
  count: number // N
  images: ImageSource[] // N, or none
  /** Image → class; images of one class are positives of each other's captions. [N] */
  classes: Int32Array
  /** Image → what objectives of classes call its class: the same, or another column of the manifest. [N] */
  labels: Int32Array
  labelCount: number // C
  /** Language → image → indices into `texts`. */
  captions: Record<Language, number[][]>
  texts: string[] // M, distinct
  languages: Language[]
  /** Texts that belong to no image, by language; they are drawn by themselves, under the set's only language, and `captions` is empty. */
  unpaired?: Uint32Array[]
  /** Text → the text whose feature by the teacher is its target; default: itself. [M] */
  targets?: Uint32Array
  /** Images left out because a language has no caption for them. */
  dropped: number
}

/** What a set has in the place of captions and classes where texts belong to no image. All its texts are under BCP 47's `mul`, several languages. */
export const withoutCaptions = {
  classes: new Int32Array(),
  labels: new Int32Array(),
  labelCount: 0,
  captions: {},
  languages: ['mul'],
  dropped: 0,
} satisfies Partial<TrainingSet>

/**
 * Reads a split. An image must have a caption in every one of `languages`: both stages draw all languages in every step.
 * @param options.classColumn where labels come from (default: the class); images with an empty cell are labels of their own
 * @throws UserError when no image has such captions, and when none has that column
 */
export async function loadTrainingSet(
  corpus: Corpus | TextCorpus,
  split: Split,
  languages: Language[],
  options: { classColumn?: string } = {},
): Promise<TrainingSet> {
  const images: ImageSource[] = []
  const classes: number[] = []
  const captions: Record<Language, number[][]> = Object.fromEntries(languages.map((language) => [language, []]))
  const textIndex = new Map<string, number>()
  const classIndex = new Map<string, number>()
  const labels: number[] = []
  const labelIndex = new Map<string, number>()
  const columns = new Set<string>()
  let dropped = 0
  for await (const sample of corpus.samples(split)) {
    if (languages.some((language) => !sample.captions[language]?.length)) {
      dropped++
      continue
    }
    if (hasImage(sample)) images.push(sample.image)
    const alone = `image:${sample.id}`
    classes.push(intern(classIndex, sample.classId ?? alone))
    for (const column of Object.keys(sample.columns ?? {})) columns.add(column)
    const label = options.classColumn === undefined ? sample.classId : sample.columns?.[options.classColumn]
    labels.push(intern(labelIndex, label ?? alone))
    for (const language of languages) captions[language]!.push(sample.captions[language]!.map((text) => intern(textIndex, text)))
  }
  if (classes.length === 0) {
    throw new UserError({
      where: `${corpus.name}, split ${split}`,
      expected: `images or rows with captions in ${languages.join(' and ')}`,
      got: dropped > 0 ? `${dropped}, each lacking a caption in one of them` : 'none',
      hint: `${languageHint(
        corpus,
        languages.filter((language) => !corpus.languages.includes(language)),
      )} Check the split column, too.`,
    })
  }
  requireColumn(corpus, options.classColumn, [...columns])
  const numbers = { classes: Int32Array.from(classes), labels: Int32Array.from(labels), labelCount: labelIndex.size }
  return { count: classes.length, images, ...numbers, captions, texts: [...textIndex.keys()], languages, dropped }
}

function hasImage(sample: TextSample): sample is Sample {
  return 'image' in sample
}

function requireColumn(corpus: TextCorpus, wanted: string | undefined, columns: string[]): void {
  if (wanted === undefined || columns.includes(wanted)) return
  throw new UserError({
    where: `--class-column ${wanted}`,
    expected: `a column of ${corpus.name} (${columns.join(', ') || 'it has none beside images and captions'})`,
    got: wanted,
    hint: columns.length > 0 ? `Did you mean ${nearest(wanted, columns)}?` : 'Add that column, or use fd, which needs no classes.',
  })
}

function intern(index: Map<string, number>, key: string): number {
  const known = index.get(key)
  if (known !== undefined) return known
  index.set(key, index.size)
  return index.size - 1
}
