import { existsSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { UserError } from '../../base/errors.ts'
import { embedDim } from '../../eval/similarity.ts'
import type { Encoder } from '../../models/encoder.ts'
import type { FileFormat } from '../../models/onnx/dtypes.ts'
import { openModel } from '../../models/open-model.ts'
import { type Cluster, clusterRanking, findClusters, leastCosine, reach, sampleSize, usualCosine } from '../alike.ts'
import { type Hit, placesOf } from '../hits.ts'
import { embedQuery, leastScore, type Query, requireQuery } from '../query.ts'
import type { SearchReply } from '../search-folder.ts'
import { type About, readAbout, requireSameModel } from './about.ts'
import type { Block } from './block.ts'
import { blockReader } from './blocks.ts'
import { type Database, openDatabase } from './database.ts'
import { mostByGraph } from './graph.ts'
import { nearestApproximate, nearestExact } from './nearest.ts'
import { countImages, sampleVectors } from './store.ts'

export interface LookupRequest extends Query {
  /** The model that the index was made with. */
  model: string
  index: string
  top: number
  dtype?: FileFormat
  /** As of SearchRequest. */
  minScore?: number
  /** Score every image even where the index has a graph. */
  exact?: boolean
  /** As of SearchRequest. */
  alike?: number
}

export interface LookupReply extends SearchReply {
  /** Share of the exact ten best that the graph finds; undefined when every image was scored. */
  recall?: { pictures: number; words: number; queries: number }
}

/**
 * Finds the images of an index that fit a text, or are like a picture, best: every one of them is scored, unless the index has a graph that finds enough.
 * @throws UserError as requireQuery and embedQuery do, for an index that is missing, damaged, empty or of another model, and as openModel does
 */
export async function searchIndex({ model, index, dtype, ...request }: LookupRequest): Promise<LookupReply> {
  requireQuery(request)
  const opened = await openIndex(index)
  try {
    const encoder = await openModel(model, await requireSameModel(opened.about, index, model, dtype))
    try {
      return await lookUp(opened, encoder, request)
    } finally {
      await encoder.release()
    }
  } finally {
    opened.db.close()
  }
}

/** An index that can be searched. */
interface OpenIndex {
  db: Database
  about: About
  images: number
  /** The usual cosine of two of them. */
  usual: number
  blocks: () => Iterable<Block>
}

/** @throws UserError for an index that is missing, damaged or without images */
export async function openIndex(index: string): Promise<OpenIndex> {
  const db = await openDatabase(index)
  try {
    const about = readAbout(db)
    const { images } = countImages(db)
    if (about && images > 0) {
      const { embedDim: dim } = about
      return { db, about, images, usual: usualCosine(sampleVectors(db, dim, sampleSize), dim), blocks: blockReader(db, dim) }
    }
    const hint = 'Run index again: it goes on where it stopped.'
    throw new UserError({ where: index, expected: 'an index with images', got: 'one without', hint })
  } catch (error) {
    db.close()
    throw error
  }
}

/**
 * Finds images in an index that is open, by the model that it was made with.
 * @throws UserError as requireQuery and embedQuery do
 */
export async function lookUp(
  { db, about, images, usual, blocks }: OpenIndex,
  encoder: Encoder,
  { top, exact = false, alike = 1, ...request }: Omit<LookupRequest, 'model' | 'index' | 'dtype'>,
): Promise<LookupReply> {
  const query = requireQuery(request)
  const embedding = await embedQuery(encoder, request)
  const dim = embedDim('search query', embedding, 1)
  const least = leastCosine(alike, usual)
  const byGraph = about.graph === 'ready' && !exact ? clustersByGraph(db, embedding, least, top) : undefined
  const clusters = byGraph ?? findClusters((count) => nearestExact(db, blocks(), embedding, dim, count)[0]!, images, least, top)
  const minScore = leastScore(encoder, request)
  const folder = relativePath(resolve(dirname(resolve(db.file)), about.folder))
  const inFolder = <H extends Hit>(hit: H): H => ({ ...hit, path: join(folder, hit.path) })
  const hits = placesOf(clusters, minScore).map((place) => ({ ...inFolder(place), alike: place.alike.map(inFolder) }))
  const gone = hits
    .flatMap((place) => [place, ...place.alike])
    .filter(({ path }) => !existsSync(path))
    .map(({ path }) => ({ path, reason: 'no longer there: run index again' }))
  return { model: encoder.id, query, images, minScore, hits, skipped: gone, recall: byGraph && about.recall }
}

/** Undefined where more is asked for than the graph answers, and where what it finds makes too few clusters: then every image is scored. */
function clustersByGraph(db: Database, embedding: Float32Array, least: number, top: number): Cluster[] | undefined {
  if (top > mostByGraph) return undefined
  const clusters = clusterRanking(nearestApproximate(db, embedding, Math.min(reach(top), mostByGraph)), least, top)
  return clusters.length === top ? clusters : undefined
}

/** A path as one would write it: relative where it lies below the working directory. */
function relativePath(folder: string): string {
  const path = relative('.', folder)
  return path.startsWith('..') ? folder : path
}
