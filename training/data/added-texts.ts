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
 * Sorts rows of texts that mean the same into what a model is to learn and what it is to keep. What comes of the corpus is drawn apart from the larger pool, so that it
 * is seen as often.
 * @param options.known languages that the model has, the pivot among them
 * @param options.limit kept texts at most, the corpus' first; small languages lose less (see seats)
 */
export function addedTexts(
  rows: { corpus: readonly PoolRow[]; pool: readonly PoolRow[] },
  options: { added: Language[]; known: Language[]; pivot: Language; limit?: number; seed: number },
): AddedTexts {
  const { added, known, pivot } = options
  const learnt = textList()
  const counts: AddedCount[] = []
  const groups: Uint32Array[] = []
  for (const language of added) {
    const counterparts = new Map<string, string | undefined>()
    for (const { [language]: text, [pivot]: counterpart } of [...rows.corpus, ...rows.pool]) {
      if (text !== undefined) counterparts.set(text, counterparts.get(text) ?? counterpart)
    }
    const pairs = [...counterparts].filter((pair): pair is [string, string] => pair[1] !== undefined)
    counts.push({ language, texts: pairs.length, alone: counterparts.size - pairs.length })
    if (pairs.length > 0) groups.push(Uint32Array.from(pairs, ([text, counterpart]) => learnt.add(text, counterpart)))
  }
  const distinct = (of: readonly PoolRow[]) => known.map((language) => new Set(of.flatMap(({ [language]: text }) => text ?? [])))
  const corpus = distinct(rows.corpus)
  const pool = distinct(rows.pool).map((texts, i) => new Set([...texts].filter((text) => !corpus[i]!.has(text))))
  return { learnt: learnt.set(groups), kept: keptTexts([corpus, pool], options), counts }
}

/** @param parts texts by language of each part; a part that comes first is taken first */
function keptTexts(parts: ReadonlySet<string>[][], { limit = Infinity, seed }: { limit?: number; seed: number }): TrainingSet {
  const kept = textList()
  const groups: Uint32Array[] = []
  let left = limit
  for (const [part, languages] of parts.entries()) {
    const room = seats(
      languages.map(({ size }) => size),
      left,
    )
    for (const [i, texts] of languages.entries()) {
      if (room[i] === 0 || left <= 0) continue
      const all = [...texts]
      const chosen = permutation(all.length, random(seed, 8, part, i)).subarray(0, room[i])
      groups.push(Uint32Array.from(chosen, (place) => kept.add(all[place]!)))
      left -= chosen.length
    }
  }
  return kept.set(groups)
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
