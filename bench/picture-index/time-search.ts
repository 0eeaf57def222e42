import { interleavedLatency, type Latency } from '../../eval/latency.ts'
import { embedTexts } from '../../models/embed.ts'
import { openModel } from '../../models/open-model.ts'
import { lookUp, openIndex } from '../../search/index/lookup.ts'
import { namesToAsk } from '../../search/index/recall.ts'
import { usualAlike } from '../../search/usual-alike.ts'

/** Each is asked once of each search. */
export const queries = 50

interface SearchTimes {
  /** `byGraph`: how many of the queries the graph answered; 0 where none was asked for. */
  searches: (Latency & { byGraph: number })[]
  /** recall@10 of the graph. */
  recall: { words: number; pictures: number }
}

/**
 * Milliseconds of a search for ten places by words, in an approximate index and a model that are open: exact and by the graph, with near duplicates in one place
 * and without; first, what of it is the embedding of the words.
 */
export async function timeSearch(model: string, index: string, seed: number): Promise<SearchTimes> {
  const opened = await openIndex(index)
  const { db, about } = opened
  const encoder = await openModel(model, about.dtype)
  try {
    const names = namesToAsk(queries, seed)
    const inTurn = (name: string, ask: (query: string) => Promise<unknown>) => {
      let asked = 0
      return { name, run: () => ask(names[asked++ % queries]!) }
    }
    const byGraph: Record<string, number> = {}
    const search = (name: string, request: { alike: number; exact: boolean }) => {
      byGraph[name] = 0
      return inTurn(name, async (query) => {
        const { recall } = await lookUp(opened, encoder, { ...request, query, top: 10 })
        if (recall) byGraph[name]!++
      })
    }
    const times = await interleavedLatency(
      [
        inTurn('the words alone', (query) => embedTexts(encoder, [query])),
        search('exact', { alike: usualAlike, exact: true }),
        search('exact, each its own place', { alike: 1, exact: true }),
        search('approximate', { alike: usualAlike, exact: false }),
        search('approximate, each its own place', { alike: 1, exact: false }),
      ],
      { rounds: queries, warmup: 0 },
    )
    return { searches: times.map((time) => ({ ...time, byGraph: byGraph[time.name] ?? 0 })), recall: about.recall! }
  } finally {
    await encoder.release()
    db.close()
  }
}
