import { readFileSync } from 'node:fs'
import { emojiText } from './text.ts'

/** `reserve` concepts are neither trained on, tuned on nor reported; their names only distract in the gallery of 1,644. */
export type ConceptSplit = 'train' | 'val' | 'test' | 'reserve'

/** One emoji without skin tone; what all its drawings and names have in common. */
export interface Concept {
  /** Hex code points joined by `-`, without fe0f and fe0e, e.g. `1f436`. */
  code: string
  /** Unicode group, e.g. `animals-nature`. */
  group: string
  subgroup: string
  isFlag: boolean
  /** Undefined for flags: vendors' flags are near-copies of each other, so they are in no split. */
  split?: ConceptSplit
}

let loaded: Map<string, Concept> | undefined

/** All 1,914 concepts by code; 1,644 of them are not flags and have a split. */
export function concepts(): ReadonlyMap<string, Concept> {
  loaded ??= load()
  return loaded
}

/** The concepts of one split, in the order of text.json. */
export function conceptsOf(split: ConceptSplit): Concept[] {
  return [...concepts().values()].filter((concept) => concept.split === split)
}

function load(): Map<string, Concept> {
  const splits = JSON.parse(readFileSync(new URL('./split.json', import.meta.url), 'utf8')) as Record<string, ConceptSplit>
  const map = new Map<string, Concept>()
  for (const [code, [group, subgroup]] of Object.entries(emojiText().concepts)) {
    const isFlag = group === 'flags'
    map.set(code, { code, group, subgroup, isFlag, ...(isFlag ? {} : { split: splits[code]! }) })
  }
  return map
}
