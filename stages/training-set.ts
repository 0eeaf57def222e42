import type { Corpus, ImageSource, Language, Split } from '../corpora/sample.ts'
import { UserError } from '../engine/errors.ts'

/** A split in memory: images by index, captions as indices into one list of distinct texts. */
export interface TrainingSet {
  images: ImageSource[] // N
  /** Image → class; images of one class are positives of each other's captions. [N] */
  classes: Int32Array
  classCount: number
  /** Language → image → indices into `texts`. */
  captions: Record<Language, number[][]>
  texts: string[] // M, distinct
  languages: Language[]
  /** Images left out because a language has no caption for them. */
  dropped: number
}

/**
 * Reads a split. An image must have a caption in every one of `languages`: both stages draw all languages in every step.
 * @throws UserError when no image has
 */
export async function loadTrainingSet(corpus: Corpus, split: Split, languages: Language[]): Promise<TrainingSet> {
  const images: ImageSource[] = []
  const classes: number[] = []
  const captions: Record<Language, number[][]> = Object.fromEntries(languages.map((language) => [language, []]))
  const textIndex = new Map<string, number>()
  const classIndex = new Map<string, number>()
  let dropped = 0
  for await (const sample of corpus.samples(split)) {
    if (languages.some((language) => !sample.captions[language]?.length)) {
      dropped++
      continue
    }
    images.push(sample.image)
    classes.push(intern(classIndex, sample.classId ?? `image:${sample.id}`))
    for (const language of languages) captions[language]!.push(sample.captions[language]!.map((text) => intern(textIndex, text)))
  }
  if (images.length === 0) {
    throw new UserError({
      where: `${corpus.name}, split ${split}`,
      expected: `images with captions in ${languages.join(' and ')}`,
      got: dropped > 0 ? `${dropped} images, each lacking a caption in one of them` : 'no images',
      hint: `Check --languages (the corpus has ${corpus.languages.join(', ')}) and the split column.`,
    })
  }
  return { images, classes: Int32Array.from(classes), classCount: classIndex.size, captions, texts: [...textIndex.keys()], languages, dropped }
}

function intern(index: Map<string, number>, key: string): number {
  const known = index.get(key)
  if (known !== undefined) return known
  index.set(key, index.size)
  return index.size - 1
}
