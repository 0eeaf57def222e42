import type { RetrievalTask } from '../corpora/retrieval-task.ts'
import type { Direction } from '../eval/metrics.ts'
import { captionsOf, type RankedDirection, type RetrievalResult, writtenCaptions } from '../eval/retrieval.ts'
import { type SearchHit, topHits } from '../eval/search.ts'
import { embedDim, unitRows } from '../eval/similarity.ts'
import type { ExampleSet, Hit, Picture, QueryExample, SimilarityMap } from './material.ts'

/** Encoded image (PNG, WebP, JPEG or GIF) of the task's image `id`, 64 to 96 pixels a side. */
export type Thumbnail = (id: string) => Promise<Uint8Array>

export interface ExampleOptions {
  /** Whose embeddings these are; shown on the page. */
  model: string
  /** Worst and best queries a direction; default 4. */
  count?: number
  /** Candidates shown of each; default 5. */
  topK?: number
}

/** Queries that came out first are compared by how clearly; of more than this many, evenly spaced ones are. */
const bestCandidates = 200

/**
 * Picks the queries of one language that went worst (largest rank) and best (rank 1 by the widest margin), with what they found.
 * @param result of evaluateRetrieval on these embeddings
 * @param imageEmbeds [task.images, E]
 * @param textEmbeds [task.texts, E]
 */
export async function pickExamples(
  task: RetrievalTask,
  result: Pick<RetrievalResult, 'textToImage' | 'imageToText'>,
  imageEmbeds: Float32Array,
  textEmbeds: Float32Array,
  thumbnail: Thumbnail,
  { model, count = 4, topK = 5 }: ExampleOptions,
): Promise<ExampleSet> {
  const dim = embedDim('examples, images', imageEmbeds, task.images.length)
  const images = unitRows(imageEmbeds, dim)
  const texts = unitRows(textEmbeds, dim)
  const captions = captionsOf(task)
  const pictures = pictureBook(task, thumbnail)
  const sides: Side[] = [
    { direction: 'text_to_image', ranked: result.textToImage, queries: texts, gallery: images, right: task.positives, text: (i) => task.texts[i]! },
    { direction: 'image_to_text', ranked: result.imageToText, queries: images, gallery: texts, right: captions, text: (i) => task.texts[i]! },
  ]
  const worst: QueryExample[] = []
  const best: QueryExample[] = []
  for (const side of sides) {
    const order = [...side.ranked.ranks.keys()].sort((a, b) => side.ranked.ranks[b]! - side.ranked.ranks[a]!)
    const wrong = order.filter((i) => side.ranked.ranks[i]! > 1)
    for (const i of distinct(wrong, side, count)) worst.push(await example(side, i, dim, topK, pictures))
    for (const i of distinct(clearest(side, dim), side, count)) best.push(await example(side, i, dim, topK, pictures))
  }
  return { model, corpus: task.corpus, protocol: task.protocol, language: task.language, worst, best }
}

/**
 * Cosines of `count` images, evenly spaced over the task's image queries, with the first caption of each.
 * @param imageEmbeds [task.images, E]
 * @param textEmbeds [task.texts, E]
 */
export async function similarityMap(
  task: RetrievalTask,
  imageEmbeds: Float32Array,
  textEmbeds: Float32Array,
  thumbnail: Thumbnail,
  { model, count = 12 }: { model: string; count?: number },
): Promise<SimilarityMap> {
  const dim = embedDim('similarity map', imageEmbeds, task.images.length)
  const images = unitRows(imageEmbeds, dim)
  const texts = unitRows(textEmbeds, dim)
  const captions = writtenCaptions(task)
  const queries = task.imageQueries ?? [...captions.keys()].filter((image) => captions[image]!.length > 0)
  const rows = spread(queries, count)
  const columns = rows.map((image) => captions[image]![0]!)
  const pictures = pictureBook(task, thumbnail)
  return {
    model,
    corpus: task.corpus,
    protocol: task.protocol,
    language: task.language,
    images: await Promise.all(rows.map(pictures)),
    texts: columns.map((text) => task.texts[text]!),
    values: rows.map((image) => columns.map((text) => dot(images, image, texts, text, dim))),
    right: rows.map((image) => columns.map((text) => task.positives[text]!.includes(image))),
  }
}

/** One direction with all it takes to show a query of it. */
interface Side {
  direction: Direction
  ranked: RankedDirection
  queries: Float32Array
  gallery: Float32Array
  right: readonly (readonly number[])[]
  text(i: number): string
}

type PictureBook = (image: number) => Promise<Picture>

/** Each image is asked for once, however often it is shown. */
function pictureBook(task: RetrievalTask, thumbnail: Thumbnail): PictureBook {
  const captions = writtenCaptions(task)
  const made = new Map<number, Promise<Picture>>()
  const make = async (image: number): Promise<Picture> => {
    const { id } = task.images[image]!
    const caption = captions[image]![0]
    return { url: dataUrl(await thumbnail(id)), label: caption === undefined ? id : task.texts[caption]! }
  }
  return (image) => {
    const picture = made.get(image) ?? make(image)
    made.set(image, picture)
    return picture
  }
}

async function example(side: Side, i: number, dim: number, topK: number, pictures: PictureBook): Promise<QueryExample> {
  const query = side.ranked.queries[i]!
  const rank = side.ranked.ranks[i]!
  const right = side.right[query]!
  const isImages = side.direction === 'text_to_image'
  const show = async ({ index, score }: SearchHit, place: number): Promise<Hit> => {
    const picture = isImages ? await pictures(index) : undefined
    return { rank: place, score, isRight: right.includes(index), picture, label: picture?.label ?? side.text(index) }
  }
  const nearest = hitsOf(side, query, dim, topK)
  const hits = await Promise.all(nearest.map((hit, place) => show(hit, place + 1)))
  const missed = hits.some(({ isRight }) => isRight) ? undefined : await show(bestRight(side, query, dim), rank)
  const shownQuery = isImages ? { text: side.text(query) } : { picture: await pictures(query) }
  return { direction: side.direction, query: shownQuery, rank, gallery: side.ranked.gallery, hits, ...(missed ? { missed } : {}) }
}

function hitsOf({ queries, gallery }: Side, query: number, dim: number, topK: number): SearchHit[] {
  return topHits(queries.subarray(query * dim, (query + 1) * dim), gallery, topK)
}

function bestRight({ queries, gallery, right }: Side, query: number, dim: number): SearchHit {
  const scored = right[query]!.map((index) => ({ index, score: dot(queries, query, gallery, index, dim) }))
  return scored.reduce((best, hit) => (hit.score > best.score ? hit : best))
}

/** Queries with rank 1, those first whose right answer leads the next wrong one by most. */
function clearest(side: Side, dim: number): number[] {
  const first = [...side.ranked.ranks.keys()].filter((i) => side.ranked.ranks[i] === 1)
  const margins = spread(first, bestCandidates).map((i) => {
    const query = side.ranked.queries[i]!
    const right = new Set(side.right[query])
    const hits = hitsOf(side, query, dim, right.size + 1)
    const rival = hits.find(({ index }) => !right.has(index))
    return { i, margin: hits[0]!.score - (rival?.score ?? hits[0]!.score) }
  })
  return margins.sort((a, b) => b.margin - a.margin).map(({ i }) => i)
}

/** The first `count` of `order` that are about different images: five captions of one hard picture would tell one story five times. */
function distinct(order: number[], { ranked }: Side, count: number): number[] {
  const seen = new Set<number>()
  const picked: number[] = []
  for (const i of order) {
    if (picked.length === count) break
    if (seen.has(ranked.items[i]!)) continue
    seen.add(ranked.items[i]!)
    picked.push(i)
  }
  return picked
}

function spread<T>(items: readonly T[], count: number): T[] {
  if (items.length <= count) return [...items]
  return Array.from({ length: count }, (_, i) => items[Math.floor((i * items.length) / count)]!)
}

function dot(a: Float32Array, i: number, b: Float32Array, j: number, dim: number): number {
  let sum = 0
  for (let e = 0; e < dim; e++) sum += a[i * dim + e]! * b[j * dim + e]!
  return sum
}

/** The image's bytes as a URL; the kind is read from its first bytes. */
export function dataUrl(bytes: Uint8Array): string {
  const kinds: [type: string, magic: string, at: number][] = [
    ['png', 'PNG', 1],
    ['webp', 'WEBP', 8],
    ['gif', 'GIF8', 0],
    ['jpeg', '\xff\xd8', 0],
  ]
  const head = Buffer.from(bytes.subarray(0, 16)).toString('latin1')
  const [type] = kinds.find(([, magic, at]) => head.startsWith(magic, at)) ?? []
  if (!type) throw new TypeError('thumbnail: expected the bytes of a PNG, WebP, GIF or JPEG')
  return `data:image/${type};base64,${Buffer.from(bytes).toString('base64')}`
}
