import type { PoolRow } from './pool/row.ts'
import type { Language, TextCorpus } from './sample.ts'

/**
 * The captions of a corpus' train split as rows of texts that mean the same: one of `pivot` beside one of another language, where a sample has both, else a caption alone.
 * Captions of a sample come in pairs by their order where both languages have as many, else each goes with the pivot's first, which says what the sample is.
 */
export async function parallelRows(corpus: TextCorpus, languages: readonly Language[], pivot: Language): Promise<PoolRow[]> {
  const rows = new Map<string, PoolRow>()
  const add = (row: PoolRow) => void rows.set(JSON.stringify(row), row)
  for await (const { captions } of corpus.samples('train')) {
    const counterparts = captions[pivot] ?? []
    for (const language of languages) {
      const texts = captions[language] ?? []
      const inOrder = texts.length === counterparts.length
      for (const [i, text] of texts.entries()) {
        const counterpart = counterparts[inOrder ? i : 0]
        add(language === pivot || counterpart === undefined ? { [language]: text } : { [language]: text, [pivot]: counterpart })
      }
    }
  }
  return [...rows.values()]
}
