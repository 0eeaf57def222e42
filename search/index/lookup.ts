import { existsSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { UserError } from '../../base/errors.ts'
import { embedDim } from '../../eval/similarity.ts'
import type { FileFormat } from '../../models/onnx/dtypes.ts'
import { openModel } from '../../models/open-model.ts'
import { embedQuery, leastScore, type Query, requireQuery } from '../query.ts'
import { fitting, type SearchReply } from '../search-folder.ts'
import { readAbout, requireSameModel } from './about.ts'
import { openDatabase } from './database.ts'
import { mostByGraph } from './graph.ts'
import { nearestApproximate, nearestExact } from './nearest.ts'
import { countImages } from './store.ts'

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
}

export interface LookupReply extends SearchReply {
  /** Share of the exact ten best that the graph finds; undefined when every image was scored. */
  recall?: { pictures: number; words: number; queries: number }
}

/**
 * Finds the images of an index that fit a text, or are like a picture, best: every one of them is scored, unless the index has a graph and `top` is at most mostByGraph.
 * @throws UserError as requireQuery and embedQuery do, for an index that is missing, damaged, empty or of another model, and as openModel does
 */
export async function searchIndex({ model, index, top, dtype, exact = false, ...request }: LookupRequest): Promise<LookupReply> {
  const query = requireQuery(request)
  const db = await openDatabase(index)
  try {
    const about = readAbout(db)
    const { images } = countImages(db)
    if (!about || images === 0) {
      const hint = 'Run index again: it goes on where it stopped.'
      throw new UserError({ where: index, expected: 'an index with images', got: 'one without', hint })
    }
    const format = await requireSameModel(about, index, model, dtype)
    const encoder = await openModel(model, format)
    try {
      const embedding = await embedQuery(encoder, request)
      embedDim('search query', embedding, 1)
      const byGraph = about.graph === 'ready' && !exact && top <= mostByGraph
      const nearest = byGraph ? nearestApproximate(db, embedding, top) : nearestExact(db, embedding, about.embedDim, top)[0]!
      const folder = relativePath(resolve(dirname(resolve(index)), about.folder))
      const minScore = leastScore(encoder, request)
      const hits = nearest.map(({ path, score }, i) => ({ rank: i + 1, score, path: join(folder, path), ...fitting(score, minScore) }))
      const gone = hits.filter(({ path }) => !existsSync(path)).map(({ path }) => ({ path, reason: 'no longer there: run index again' }))
      return { model: encoder.id, query, images, minScore, hits, skipped: gone, recall: byGraph ? about.recall : undefined }
    } finally {
      await encoder.release()
    }
  } finally {
    db.close()
  }
}

/** A path as one would write it: relative where it lies below the working directory. */
function relativePath(folder: string): string {
  const path = relative('.', folder)
  return path.startsWith('..') ? folder : path
}
