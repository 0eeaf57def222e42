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
  /** Images left out for want of captions. */
  dropped: number
  /** Images whose captions in other languages take the place of those they lack, by language. */
  lacking?: Record<Language, number>
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
 * Reads a split. Both stages draw all of `languages` in every step: where an image lacks captions in one, those that it has in the
 * others take their place. An image without any is left out.
 * @param options.classColumn where labels come from (default: the class); images with an empty cell are labels of their own
 * @param options.needed languages that captions of others cannot stand in for: an image without them is left out
 * @throws UserError when no image has captions in one of the languages, and when none has that column
 */
export async function loadTrainingSet(
  corpus: Corpus | TextCorpus,
  split: Split,
  languages: Language[],
  options: { classColumn?: string; needed?: Language[] } = {},
): Promise<TrainingSet> {
  const { classColumn, needed = [] } = options
  const images: ImageSource[] = []
  const classes: number[] = []
  const captions: Record<Language, number[][]> = Object.fromEntries(languages.map((language) => [language, []]))
  const textIndex = new Map<string, number>()
  const classIndex = new Map<string, number>()
  const labels: number[] = []
  const labelIndex = new Map<string, number>()
  const columns = new Set<string>()
  const lacking: Record<Language, number> = {}
  let dropped = 0
  for await (const sample of corpus.samples(split)) {
    const has = languages.filter((language) => sample.captions[language]?.length)
    if (has.length === 0 || needed.some((language) => !has.includes(language))) {
      dropped++
      continue
    }
    const others = has.flatMap((language) => sample.captions[language]!)
    if (hasImage(sample)) images.push(sample.image)
    const alone = `image:${sample.id}`
    classes.push(intern(classIndex, sample.classId ?? alone))
    for (const column of Object.keys(sample.columns ?? {})) columns.add(column)
    const label = classColumn === undefined ? sample.classId : sample.columns?.[classColumn]
    labels.push(intern(labelIndex, label ?? alone))
    for (const language of languages) {
      const own = has.includes(language)
      if (!own) lacking[language] = (lacking[language] ?? 0) + 1
      captions[language]!.push((own ? sample.captions[language]! : others).map((text) => intern(textIndex, text)))
    }
  }
  const absent = languages.find((language) => (lacking[language] ?? 0) === classes.length)
  if (absent !== undefined) {
    throw new UserError({
      where: `${corpus.name}, split ${split}`,
      expected: `images or rows with captions in ${languages.join(' and ')}`,
      got: classes.length > 0 ? `none in ${absent}` : dropped > 0 ? `${dropped}, each lacking captions in them` : 'none',
      hint: `${languageHint(
        corpus,
        languages.filter((language) => !corpus.languages.includes(language)),
      )} Check the split column, too.`,
    })
  }
  requireColumn(corpus, classColumn, [...columns])
  const numbers = { classes: Int32Array.from(classes), labels: Int32Array.from(labels), labelCount: labelIndex.size }
  return { count: classes.length, images, ...numbers, captions, texts: [...textIndex.keys()], languages, dropped, lacking }
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
