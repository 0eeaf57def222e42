import { permutation, random } from '../../base/random.ts'
import type { PoolRow } from '../../corpora/pool/row.ts'
import type { Language } from '../../corpora/sample.ts'
import { type TrainingSet, withoutCaptions } from './training-set.ts'
import { seats } from './unpaired-sampler.ts'

export interface AddedTexts {
  /** Texts of the new languages; the target of each is its counterpart in the pivot language. */
  learnt: TrainingSet
  /** Texts of the languages that a model has, each its own target. */
  kept: TrainingSet
  counts: AddedCount[]
}

/** What became of a new language's texts. */
export interface AddedCount {
  language: Language
  /** Texts that are learnt. */
  texts: number
  /** Without a counterpart in the pivot language: left out. */
  alone: number
}

/**
 * Sorts rows of texts that mean the same into what a model is to learn and what it is to keep.
 * @param options.known languages that the model has, the pivot among them
 * @param options.limit kept texts at most; small languages lose less (see seats)
 */
export function addedTexts(
  rows: readonly PoolRow[],
  options: { added: Language[]; known: Language[]; pivot: Language; limit?: number; seed: number },
): AddedTexts {
  const { added, known, pivot } = options
  const learnt = textList()
  const counts: AddedCount[] = []
  const groups: Uint32Array[] = []
  for (const language of added) {
    const counterparts = new Map<string, string | undefined>()
    for (const { [language]: text, [pivot]: counterpart } of rows) {
      if (text !== undefined) counterparts.set(text, counterparts.get(text) ?? counterpart)
    }
    const pairs = [...counterparts].filter((pair): pair is [string, string] => pair[1] !== undefined)
    counts.push({ language, texts: pairs.length, alone: counterparts.size - pairs.length })
    if (pairs.length > 0) groups.push(Uint32Array.from(pairs, ([text, counterpart]) => learnt.add(text, counterpart)))
  }
  return { learnt: learnt.set(groups), kept: keptTexts(rows, known, options), counts }
}

function keptTexts(rows: readonly PoolRow[], known: Language[], { limit = Infinity, seed }: { limit?: number; seed: number }): TrainingSet {
  const distinct = known.map((language) => [...new Set(rows.flatMap(({ [language]: text }) => text ?? []))])
  const sizes = distinct.map(({ length }) => length)
  const room = seats(
    sizes,
    Math.min(
      limit,
      sizes.reduce((sum, size) => sum + size, 0),
    ),
  )
  const kept = textList()
  const groups = distinct.map((texts, i) =>
    Uint32Array.from(permutation(texts.length, random(seed, 8, i)).subarray(0, room[i]!), (place) => kept.add(texts[place]!)),
  )
  return kept.set(groups.filter(({ length }) => length > 0))
}

/** Distinct texts with their targets, as they are met. */
function textList() {
  const index = new Map<string, number>()
  const targets: number[] = []
  const intern = (text: string): number => {
    const known = index.get(text)
    if (known !== undefined) return known
    targets.push(index.size)
    return index.set(text, index.size).size - 1
  }
  return {
    /** @returns the text's place; the first target of a text stands */
    add(text: string, target = text): number {
      const isNew = !index.has(text)
      const place = intern(text)
      const to = intern(target)
      if (isNew) targets[place] = to
      return place
    },
    set(groups: Uint32Array[]): TrainingSet {
      const count = groups.reduce((sum, { length }) => sum + length, 0)
      return { ...withoutCaptions, count, images: [], texts: [...index.keys()], unpaired: groups, targets: Uint32Array.from(targets) }
    },
  }
}
