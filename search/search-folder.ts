import pLimit from 'p-limit'
import { UserError } from '../base/errors.ts'
import { progress } from '../base/progress.ts'
import { readRegularFile } from '../base/regular-file.ts'
import { listImages } from '../corpora/image-files.ts'
import { writePixelValues } from '../corpora/pixel-values.ts'
import { searchEmbeddings } from '../eval/search.ts'
import { embedPixels } from '../models/embed.ts'
import type { Encoder } from '../models/encoder.ts'
import type { FileFormat } from '../models/onnx/dtypes.ts'
import { openModel } from '../models/open-model.ts'
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
}

export interface SearchReply {
  model: string
  /** The words, or the file of the picture. */
  query: string
  /** Images searched. */
  images: number
  /** Score below which a picture does not fit; absent where neither the model nor the request says one. */
  minScore?: number
  /** Best first; `score` is the cosine. Where there is a minScore, `fits` says whether it is reached. */
  hits: { rank: number; score: number; path: string; fits?: boolean }[]
  skipped: { path: string; reason: string }[]
}

/**
 * Finds the images of a folder that fit a text, or are like a picture, best: exact, by cosine.
 * @throws UserError as requireQuery and embedQuery do, for a folder without images that can be read, and as openModel does
 */
export async function searchImages({ model, images, top, dtype, ...request }: SearchRequest): Promise<SearchReply> {
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
    const hits = searchEmbeddings(await embedQuery(encoder, request), embeddings, top)
    const minScore = leastScore(encoder, request)
    const ranked = hits.map(({ index, score }, i) => ({ rank: i + 1, score, path: embedded[index]!, ...fitting(score, minScore) }))
    return { model: encoder.id, query, images: embedded.length, minScore, hits: ranked, skipped: [...folders, ...skipped] }
  } finally {
    await encoder.release()
  }
}

export function fitting(score: number, minScore: number | undefined): { fits?: boolean } {
  return minScore === undefined ? {} : { fits: score >= minScore }
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
