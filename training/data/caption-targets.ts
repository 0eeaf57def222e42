import type { Language } from '../../corpora/sample.ts'
import { spells, type Tokenizer } from '../../tokenizers/load.ts'
import type { TrainingSet } from './training-set.ts'

/** How many of a language's texts the teacher cannot spell, and what became of them. */
export interface UnspelledCount {
  language: Language
  /** Learnt as a counterpart in another language. */
  through: number
  /** Without a counterpart that the teacher can spell: learnt as it reads them. */
  left: number
}

/**
 * The set, with targets for captions that the teacher cannot spell: their features say little, so the first caption of the same image that it can spell stands in, an
 * English one before others. A set whose captions are all spelled comes back as it is.
 */
export function captionTargets(set: TrainingSet, tokenizer: Tokenizer | undefined): { set: TrainingSet; counts: UnspelledCount[] } {
  const isSpelled = set.texts.map((text) => spells(tokenizer, text))
  if (isSpelled.every(Boolean)) return { set, counts: [] }
  const targets = Uint32Array.from(set.texts, (_, text) => text)
  const order = [...set.languages].sort((a, b) => Number(b === 'en') - Number(a === 'en'))
  const counts = set.languages.map((language): UnspelledCount => {
    const [through, left] = [new Set<number>(), new Set<number>()]
    for (const [image, captions] of set.captions[language]!.entries()) {
      for (const text of captions) {
        if (isSpelled[text]) continue
        const counterpart = order.flatMap((other) => set.captions[other]![image]!).find((caption) => isSpelled[caption])
        if (counterpart === undefined) left.add(text)
        else {
          through.add(text)
          if (targets[text] === text) targets[text] = counterpart
        }
      }
    }
    for (const text of through) left.delete(text)
    return { language, through: through.size, left: left.size }
  })
  return { set: { ...set, targets }, counts: counts.filter(({ through, left }) => through + left > 0) }
}

/** What is said of them before training. */
export function unspelledNote({ language, through, left }: UnspelledCount): string {
  const rest = left > 0 ? `; ${left} without such a caption are learnt as it reads them` : ''
  return `${language}: ${through} captions with characters unknown to the teacher are learnt as another caption of their image${rest}`
}
