import { UserError } from '../base/errors.ts'
import { readRegularFile } from '../base/regular-file.ts'
import { writePixelValues } from '../corpora/pixel-values.ts'
import { embedPixels, embedTexts } from '../models/embed.ts'
import type { Encoder } from '../models/encoder.ts'
import { tryDecode } from './try-decode.ts'

/** What is looked for: words, or pictures like another one. One of the two. */
export interface Query {
  query?: string
  /** A picture's file. */
  like?: string
}

/** The words or the file, as a reply names them. Throws UserError for empty words, and where there are both or neither. */
export function requireQuery({ query, like }: Query): string {
  if (query !== undefined && like !== undefined) {
    throw new UserError({ where: `--like ${like}`, expected: 'no words beside it', got: query, hint: 'Leave one of the two out.' })
  }
  const written = query ?? like
  if (written !== undefined && written.trim() !== '') return written
  const hint = 'Put words in quotes ("a red apple"), or name a picture with --like.'
  throw new UserError({ where: 'search', expected: 'words to look for', got: written === undefined ? 'none' : 'an empty text', hint })
}

/**
 * The embedding of what is looked for [E].
 * @throws UserError for a picture that is not there or cannot be decoded
 */
export async function embedQuery(encoder: Encoder, { query, like }: Query): Promise<Float32Array> {
  if (like === undefined) return await embedTexts(encoder, [query!])
  const decoded = await tryDecode(like, () => readRegularFile(like), encoder)
  if ('reason' in decoded) {
    throw new UserError({ where: `--like ${like}`, expected: 'a picture that can be read', got: decoded.reason, hint: 'Name another file.' })
  }
  const size = encoder.imageSize
  const pixels = new Float32Array(3 * size * size)
  writePixelValues(decoded.rgba, size, pixels, 0)
  return await embedPixels(encoder, pixels, 1)
}

/** The score that a picture must reach to fit: what was asked for; else, for words, the model's. Cosines between pictures are higher than any with words. */
export function leastScore(encoder: Encoder, { like, minScore }: Query & { minScore?: number }): number | undefined {
  return minScore ?? (like === undefined ? encoder.scoreThreshold : undefined)
}
