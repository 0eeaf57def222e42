import pLimit from 'p-limit'
import { UserError } from '../base/errors.ts'
import { progress } from '../base/progress.ts'
import { readRegularFile } from '../base/regular-file.ts'
import { listImages } from '../corpora/image-files.ts'
import { writePixelValues } from '../corpora/pixel-values.ts'
import { searchEmbeddings } from '../eval/search.ts'
import { pickRows } from '../eval/similarity.ts'
import { embedPixels } from '../models/embed.ts'
import type { Encoder } from '../models/encoder.ts'
import type { FileFormat } from '../models/onnx/dtypes.ts'
import { openModel } from '../models/open-model.ts'
import { type Found, findClusters, leastCosine, sampleSize, usualCosine } from './alike.ts'
import { type Place, placesOf } from './hits.ts'
import { embedQuery, leastScore, type Query, requireQuery } from './query.ts'
import { chunkSize, tryDecode } from './try-decode.ts'

export interface SearchRequest extends Query {
  /** Anything openModel takes. */
  model: string
  images: string
  top: number
  dtype?: FileFormat
  /** Score below which a picture does not fit; default: the model's, where its folder says one. */
  minScore?: number
  /** Pictures at least this alike take one place of the results (leastCosine); default: 1, which gives each its own. */
  alike?: number
}

export interface SearchReply {
  model: string
  /** The words, or the file of the picture. */
  query: string
  /** Images searched. */
  images: number
  /** Score below which a picture does not fit; absent where neither the model nor the request says one. */
  minScore?: number
  /** Best first. */
  hits: Place[]
  skipped: { path: string; reason: string }[]
}

/**
 * Finds the images of a folder that fit a text, or are like a picture, best: exact, by cosine.
 * @throws UserError as requireQuery and embedQuery do, for a folder without images that can be read, and as openModel does
 */
export async function searchImages({ model, images, top, dtype, alike = 1, ...request }: SearchRequest): Promise<SearchReply> {
  const query = requireQuery(request)
  const { paths, skipped: folders } = await listImages(images)
  const encoder = await openModel(model, dtype)
  try {
    const { embeddings, embedded, skipped } = await embedImages(encoder, paths)
    if (embedded.length === 0) {
      throw new UserError({
        where: images,
        expected: 'an image that can be read',
        got: `${skipped.length} that cannot (${skipped[0]!.path}: ${skipped[0]!.reason})`,
        hint: 'Check the files.',
      })
    }
    const embedding = await embedQuery(encoder, request)
    const dim = encoder.embedDim
    const found = (row: number, score: number): Found => ({ path: embedded[row]!, score, vector: embeddings.subarray(row * dim, (row + 1) * dim) })
    const rank = (count: number) => searchEmbeddings(embedding, embeddings, count).map(({ index, score }) => found(index, score))
    const least = leastCosine(alike, usualCosine(sampleOf(embeddings, dim), dim))
    const minScore = leastScore(encoder, request)
    const hits = placesOf(findClusters(rank, embedded.length, least, top), minScore)
    return { model: encoder.id, query, images: embedded.length, minScore, hits, skipped: [...folders, ...skipped] }
  } finally {
    await encoder.release()
  }
}

/** Rows at even distances, at most sampleSize of them. */
function sampleOf(embeddings: Float32Array, dim: number): Float32Array {
  const count = embeddings.length / dim
  const size = Math.min(count, sampleSize)
  const indices = Array.from({ length: size }, (_, i) => Math.floor((i * count) / size))
  return pickRows(embeddings, indices, dim)
}

/** Embeds what can be decoded, in order; embeddings [embedded.length, E]. */
async function embedImages(encoder: Encoder, paths: string[]) {
  const { imageSize: size, embedDim } = encoder
  const stride = 3 * size * size
  const limit = pLimit(4)
  const embeddings = new Float32Array(paths.length * embedDim)
  const embedded: string[] = []
  const skipped: SearchReply['skipped'] = []
  const bar = progress('embed', paths.length, 'images')
  try {
    for (let from = 0; from < paths.length; from += chunkSize) {
      const chunk = paths.slice(from, from + chunkSize)
      const decoded = await Promise.all(chunk.map((path) => limit(() => tryDecode(path, () => readRegularFile(path), encoder))))
      const readable = decoded.filter((image) => 'rgba' in image)
      const pixels = new Float32Array(readable.length * stride)
      readable.forEach(({ rgba }, i) => writePixelValues(rgba, size, pixels, i * stride))
      embeddings.set(await embedPixels(encoder, pixels, readable.length), embedded.length * embedDim)
      embedded.push(...readable.map(({ path }) => path))
      skipped.push(...decoded.filter((image) => 'reason' in image))
      bar.update(from + chunk.length)
    }
  } finally {
    bar.stop()
  }
  return { embeddings: embeddings.subarray(0, embedded.length * embedDim), embedded, skipped }
}
