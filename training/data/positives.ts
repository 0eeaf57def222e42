import type { Language } from '../../corpora/sample.ts'
import type { Draw } from './draw.ts'
import type { TrainingSet } from './training-set.ts'

/**
 * Says which images and texts of a batch belong together: [B, B] with 1 where row's image and column's text are of one class, or say the
 * same, or where the text is a caption of row's class that another image's row drew.
 * @returns of a batch and the languages that its texts are read in: the language itself, and the one that teachers read for it
 */
export function positivesOf(set: TrainingSet): (draw: Pick<Draw, 'images' | 'captions'>, languages: readonly Language[]) => Float32Array {
  const owners = new Map(Object.entries(set.captions).map(([language, captions]) => [language, sharedTexts(captions, set.classes)]))
  return ({ images, captions }, languages) => {
    const size = images.length
    const result = new Float32Array(size * size)
    const read = languages.map((language) => ({ texts: captions[language]!, owners: owners.get(language) }))
    for (let j = 0; j < size; j++) {
      const ownClass = set.classes[images[j]!]
      for (const { texts, owners } of read) {
        const classes = owners?.get(texts[j]!)
        for (let i = 0; i < size; i++) {
          const rowClass = set.classes[images[i]!]!
          if (rowClass === ownClass || texts[i] === texts[j] || classes?.has(rowClass)) result[i * size + j] = 1
        }
      }
    }
    return result
  }
}

/** Text → the classes that it is a caption of, for texts of several. */
function sharedTexts(captions: readonly (readonly number[])[], classes: Int32Array): Map<number, Set<number>> {
  const owners = new Map<number, Set<number>>()
  for (const [image, texts] of captions.entries()) {
    for (const text of texts) {
      const known = owners.get(text)
      if (known) known.add(classes[image]!)
      else owners.set(text, new Set([classes[image]!]))
    }
  }
  return new Map([...owners].filter(([, { size }]) => size > 1))
}
