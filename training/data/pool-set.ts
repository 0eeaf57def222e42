import { progress } from '../../base/progress.ts'
import { permutation, random } from '../../base/random.ts'
import type { Pool } from '../../corpora/pool/open.ts'
import type { Language } from '../../corpora/sample.ts'
import { spells, type Tokenizer } from '../../tokenizers/load.ts'
import { type TrainingSet, withoutCaptions } from './training-set.ts'
import { seats } from './unpaired-sampler.ts'

/** What became of a language's texts. */
export interface PoolCounts {
  language: Language
  /** Texts that are learnt. */
  texts: number
  /** Of those, texts that the teacher cannot spell: the feature of their English counterpart is their target. */
  throughEnglish: number
  /** Texts that it cannot spell, without a counterpart that it can: left out. */
  dropped: number
}

interface PoolText {
  text: string
  english?: string
}

/**
 * The texts of a pool as a training set without images. A text with tokens that are unknown to the teacher has a feature that says little: its English
 * counterpart, where the pool has one, is embedded in its place.
 * @param options.tokenizer the teacher's; without one every text counts as spelled
 * @param options.limit texts at most; small languages lose less (see seats)
 */
export function poolSet(
  pool: Pool,
  options: { tokenizer?: Tokenizer; limit?: number; seed: number },
): { set: TrainingSet & { unpaired: Uint32Array[] }; counts: PoolCounts[] } {
  const { tokenizer, limit, seed } = options
  const byLanguage = limited(textsOf(pool), limit, seed)
  const texts = new Map<string, number>()
  const targets: number[] = []
  const intern = (text: string): number => {
    const known = texts.get(text)
    if (known !== undefined) return known
    targets.push(texts.size)
    return texts.set(text, texts.size).size - 1
  }
  const counts: PoolCounts[] = []
  const unpaired: Uint32Array[] = []
  const bar = progress(
    'texts spelled by the teacher',
    byLanguage.reduce((sum, [, { length }]) => sum + length, 0),
    'texts',
  )
  let done = 0
  for (const [language, all] of byLanguage) {
    const count: PoolCounts = { language, texts: 0, throughEnglish: 0, dropped: 0 }
    const learnt: number[] = []
    for (const { text, english } of all) {
      if (done++ % 1000 === 0) bar.update(done)
      const isSpelled = spells(tokenizer, text)
      if (!isSpelled && (english === undefined || !spells(tokenizer, english))) {
        count.dropped++
        continue
      }
      const index = intern(text)
      learnt.push(index)
      if (isSpelled) continue
      targets[index] = intern(english!)
      count.throughEnglish++
    }
    counts.push({ ...count, texts: learnt.length })
    if (learnt.length > 0) unpaired.push(Uint32Array.from(learnt))
  }
  bar.update(done)
  bar.stop()
  const count = unpaired.reduce((sum, { length }) => sum + length, 0)
  return { set: { ...withoutCaptions, count, images: [], texts: [...texts.keys()], unpaired, targets: Uint32Array.from(targets) }, counts }
}

/** Distinct texts by language, each with the first English text that stands in a row with it. */
function textsOf({ rows, languages }: Pool): [Language, PoolText[]][] {
  const found = new Map<Language, Map<string, PoolText>>(languages.map((language) => [language, new Map()]))
  for (const row of rows) {
    for (const [language, text] of Object.entries(row)) {
      const texts = found.get(language)!
      if (!texts.has(text)) texts.set(text, { text })
      if (language !== 'en') texts.get(text)!.english ??= row.en
    }
  }
  return [...found].map(([language, texts]) => [language, [...texts.values()]])
}

function limited(all: [Language, PoolText[]][], limit: number | undefined, seed: number): [Language, PoolText[]][] {
  if (limit === undefined) return all
  const kept = seats(
    all.map(([, { length }]) => length),
    limit,
  )
  return all.map(([language, texts], i) => [
    language,
    [...permutation(texts.length, random(seed, 8, i)).subarray(0, kept[i]!)].sort((a, b) => a - b).map((text) => texts[text]!),
  ])
}
