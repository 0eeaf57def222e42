import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { UserError } from '../../base/errors.ts'
import { parseJson } from '../../base/json.ts'
import type { RetrievalTask } from '../retrieval-task.ts'
import type { Language } from '../sample.ts'
import { codeOf } from './code.ts'

/** What corpora/emoji/free-queries.json holds: texts as people type them, written before any score was seen. */
const queriesSchema = z.object({
  version: z.literal(1),
  queries: z.array(
    z.object({
      id: z.string().min(1),
      language: z.string().min(2),
      kind: z.string().min(1),
      text: z.string().min(1),
      split: z.enum(['validation', 'test']),
    }),
  ),
})

const codes = z.array(z.string().min(1))

/** What corpora/emoji/free-queries-labels.json holds: the concepts that each labeller named, and the settled list. docs/free-queries.md says how. */
const labelsSchema = z.object({
  version: z.literal(1),
  labellers: z.array(z.string()).min(2),
  labels: z.record(z.string(), z.object({ by: z.record(z.string(), codes), relevant: codes })),
})

type FreeQuery = z.infer<typeof queriesSchema>['queries'][number]
export type FreeQuerySplit = FreeQuery['split']

export interface FreeQuerySet {
  queries: FreeQuery[]
  /** Query id → codes of the relevant concepts. */
  labels: Record<string, string[]>
}

const files = {
  queries: fileURLToPath(new URL('./free-queries.json', import.meta.url)),
  labels: fileURLToPath(new URL('./free-queries-labels.json', import.meta.url)),
}

const hint = 'Restore the file from the package.'

let loaded: FreeQuerySet | undefined

/** The queries and labels that come with the corpus; read once. */
export function freeQueries(): FreeQuerySet {
  loaded ??= parseFreeQueries(readFileSync(files.queries, 'utf8'), readFileSync(files.labels, 'utf8'))
  return loaded
}

/**
 * Reads both files' JSON. Codes come back as concept codes.
 * @throws UserError for JSON of another shape, an id that stands twice, a query without labels and labels without a query
 */
export function parseFreeQueries(queriesJson: string, labelsJson: string): FreeQuerySet {
  const { queries } = parse(queriesSchema, queriesJson, 'free-queries.json')
  const { labels } = parse(labelsSchema, labelsJson, 'free-queries-labels.json')
  const ids = new Set<string>()
  for (const { id } of queries) {
    if (ids.has(id)) throw malformed('free-queries.json', 'each id once', `${id} twice`)
    if (!labels[id]?.relevant.length) throw malformed('free-queries-labels.json', `relevant concepts for ${id}`, 'none')
    ids.add(id)
  }
  const stray = Object.keys(labels).find((id) => !ids.has(id))
  if (stray !== undefined) throw malformed('free-queries-labels.json', 'ids of free-queries.json', stray)
  return { queries, labels: Object.fromEntries(Object.entries(labels).map(([id, { relevant }]) => [id, relevant.map(codeOf)])) }
}

/** The languages that a split has queries in. */
export function freeQueryLanguages({ queries }: FreeQuerySet, split: FreeQuerySplit): Language[] {
  return [...new Set(queries.flatMap((query) => (query.split === split ? [query.language] : [])))]
}

/**
 * The queries of one split and language as texts, with the images of their relevant concepts.
 * @param gallery all images that are searched, each with its concept as class
 * @throws UserError for a query with no relevant concept in the gallery
 */
export function freeQueryTask(
  { queries, labels }: FreeQuerySet,
  split: FreeQuerySplit,
  language: Language,
  gallery: RetrievalTask['images'],
): Pick<RetrievalTask, 'images' | 'texts' | 'positives' | 'kinds'> {
  const places = new Map(gallery.map(({ classId }, i) => [classId, i]))
  const chosen = queries.filter((query) => query.split === split && query.language === language)
  const positives = chosen.map(({ id }) => labels[id]!.flatMap((code) => places.get(code) ?? []))
  const lost = positives.findIndex((images) => images.length === 0)
  if (lost >= 0) {
    throw malformed('free-queries-labels.json', `a concept of the gallery for ${chosen[lost]!.id}`, labels[chosen[lost]!.id]!.join(', '))
  }
  return { images: gallery, texts: chosen.map(({ text }) => text), positives, kinds: chosen.map(({ kind }) => kind) }
}

function parse<T>(schema: z.ZodType<T>, json: string, file: string): T {
  const parsed = schema.safeParse(parseJson(json, `corpora/emoji/${file}`, hint))
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw malformed(`${file}, ${issue!.path.join('.') || 'top level'}`, 'free queries of version 1', `“${issue!.message}”`)
}

function malformed(where: string, expected: string, got: string): UserError {
  return new UserError({ where: `corpora/emoji/${where}`, expected, got, hint })
}
