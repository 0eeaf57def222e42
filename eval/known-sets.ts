import { UserError } from '../base/errors.ts'
import type { RetrievalTask } from '../corpora/retrieval-task.ts'

/** What a published test set consists of, and where that is said. */
export interface KnownSet {
  images: number
  /** Texts that are asked for. */
  texts: number
  language: string
  source: string
}

/**
 * Sets whose scores people compare. A split that differs by a few images gives other numbers under the same name, so counts are checked.
 */
export const knownSets: Record<string, KnownSet> = {
  'flickr30k-cn': { images: 1000, texts: 5000, language: 'zh', source: 'test split; Lan et al. 2017, arXiv 1708.04390' },
  flickr30k: { images: 1000, texts: 5000, language: 'en', source: "Karpathy's test split; Karpathy & Fei-Fei 2015, arXiv 1412.2306" },
  'coco-cn': { images: 1000, texts: 1053, language: 'zh', source: 'test split, captions written by people; Li et al. 2019, arXiv 1805.08661' },
  'flickr8k-cn': { images: 1000, texts: 5000, language: 'zh', source: 'test split; Li et al. 2016' },
  flickr8k: { images: 1000, texts: 5000, language: 'en', source: 'test split; Hodosh et al. 2013' },
  xtd: { images: 1000, texts: 1000, language: 'any', source: 'one caption an image and language; Aggarwal & Kale 2020, arXiv 2012.05107' },
}

/**
 * Checks that a task is what its name says before its numbers go under that name.
 * @throws UserError for a name that is not known, another language, other counts, and captions scored one to one where images have several
 */
export function requireKnownSet(name: string, task: RetrievalTask): void {
  const known = knownSets[name]
  if (!known) {
    throw new UserError({
      where: `set ${name}`,
      expected: `one of ${Object.keys(knownSets).join(', ')}`,
      got: name,
      hint: 'Counts of other sets are not checked: leave the name out.',
    })
  }
  const where = `${name} (${known.source})`
  if (known.language !== 'any' && task.language !== known.language) {
    throw new UserError({
      where,
      expected: `captions in ${known.language}`,
      got: task.language,
      hint: 'Choose that language, or evaluate under another name.',
    })
  }
  const images = new Set(task.images.map(({ id }) => id)).size
  const texts = task.textQueries?.length ?? task.positives.filter((list) => list.length > 0).length
  if (images < task.images.length && task.images.length === texts) {
    throw new UserError({
      where,
      expected: `${images} images, each with all of its captions as right answers`,
      got: `${texts} pairs of an image and a caption`,
      hint: 'Captions would be scored one to one: list each image once.',
    })
  }
  if (images === known.images && texts === known.texts) return
  throw new UserError({
    where,
    expected: `${known.images} images and ${known.texts} captions`,
    got: `${images} and ${texts}`,
    hint: advice(known, images, texts),
  })
}

function advice(known: KnownSet, images: number, texts: number): string {
  if (images > known.images) return 'This looks like more than the test split: choose the split.'
  if (images === known.images && texts === images) return 'Only one caption of each image was read: read all of them.'
  if (images < known.images)
    return 'Images are missing: unpack the whole set, check that ids of images and captions agree, and give the file a split column with "test" in every row (without one a tenth is taken).'
  return 'Captions are missing or doubled: use the published caption file of the test split.'
}
