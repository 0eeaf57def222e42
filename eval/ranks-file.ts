import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { UserError } from '../base/errors.ts'
import type { RetrievalTask } from '../corpora/retrieval-task.ts'
import type { RankedDirection, RetrievalResult } from './retrieval.ts'

const indices = z.array(z.int().min(0))
const direction = z.strictObject({
  /** Left out where they are 0, 1, 2, … */
  queries: indices.optional(),
  /** Left out where they equal the queries. */
  items: indices.optional(),
  ranks: z.array(z.int().min(1)).min(1),
  gallery: z.int().min(1),
})

const entry = z.strictObject({
  model: z.string(),
  dtype: z.string(),
  corpus: z.string(),
  protocol: z.string(),
  language: z.string(),
  /** Of the task's images and texts in their order: ranks of two runs compare only where it is the same. */
  task: z.string(),
  textToImage: direction,
  imageToText: direction,
})

const schema = z.strictObject({ schema: z.literal(1), entries: z.array(entry) })

/** What `ranks.json` beside report.json holds for one model on one task: the rank that every query got. */
export type SavedRanks = z.infer<typeof entry>

/** The entry of ranks.json for one result, from which two runs are compared query by query later. */
export function savedRanks(model: string, dtype: string, task: RetrievalTask, result: RetrievalResult): SavedRanks {
  const { corpus, protocol, language, textToImage, imageToText } = result
  return {
    model,
    dtype,
    corpus,
    protocol,
    language,
    task: fingerprint(task),
    textToImage: packed(textToImage),
    imageToText: packed(imageToText),
  }
}

/** Both directions of an entry, as bootstraps take them. */
export function rankedDirections(saved: SavedRanks): Pick<RetrievalResult, 'textToImage' | 'imageToText'> {
  return { textToImage: unpacked(saved.textToImage), imageToText: unpacked(saved.imageToText) }
}

/** The text of ranks.json: an entry a line. */
export function formatRanks(entries: readonly SavedRanks[]): string {
  return `{"schema":1,"entries":[\n${entries.map((saved) => JSON.stringify(saved)).join(',\n')}\n]}\n`
}

/**
 * Reads `ranks.json` in a run folder.
 * @throws UserError when it is missing or malformed
 */
export async function readRanks(dir: string): Promise<SavedRanks[]> {
  const file = join(dir, 'ranks.json')
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new UserError({
      where: file,
      expected: 'ranks of an evaluation',
      got: error.message,
      hint: 'Evaluate the run again; older reports have no ranks.',
    })
  })
  const parsed = schema.safeParse(parseJson(text))
  if (parsed.success) return parsed.data.entries
  const issue = parsed.error.issues[0]!
  throw new UserError({
    where: `${file}, ${issue.path.join('.') || 'top level'}`,
    expected: 'ranks of schema 1',
    got: `"${issue.message}"`,
    hint: 'Evaluate the run again with this version of distilingual.',
  })
}

function fingerprint({ images, texts, positives }: RetrievalTask): string {
  // JSON.stringify([ids, texts, positives]) in pieces: with large classes positives are longer than a string can be.
  const hash = createHash('sha256')
  hash.update(`[${JSON.stringify(images.map(({ id }) => id))},${JSON.stringify(texts)},[`)
  for (const [i, list] of positives.entries()) hash.update(`${i > 0 ? ',' : ''}${JSON.stringify(list)}`)
  hash.update(']]')
  return hash.digest('hex').slice(0, 16)
}

function packed({ queries, items, ranks, gallery }: RankedDirection): SavedRanks['textToImage'] {
  return {
    ...(queries.every((query, i) => query === i) ? {} : { queries: [...queries] }),
    ...(items.every((item, i) => item === queries[i]) ? {} : { items: [...items] }),
    ranks: [...ranks],
    gallery,
  }
}

function unpacked({ queries, items, ranks, gallery }: SavedRanks['textToImage']): RankedDirection {
  const queryIndices = queries ?? ranks.map((_, i) => i)
  return { queries: queryIndices, items: Int32Array.from(items ?? queryIndices), ranks: Int32Array.from(ranks), gallery }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
