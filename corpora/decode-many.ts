import pLimit from 'p-limit'
import { UserError } from '../base/errors.ts'
import type { ImageSource } from './sample.ts'

export interface DecodeManyOptions {
  /** Images decoded at once. */
  concurrency?: number
  /** Gets the pixels of each image as they come, in any order. */
  take(pixels: Uint8Array, i: number): void | Promise<void>
  /** Hears of every image that is done, broken ones included. */
  update?(done: number): void
}

/**
 * Decodes many images, several at once.
 * @throws UserError for images that cannot be decoded: all of them at once, after every other one was taken
 */
export async function decodeMany(
  sources: readonly ImageSource[],
  decode: (source: ImageSource) => Promise<Uint8Array>,
  { concurrency = 4, take, update }: DecodeManyOptions,
): Promise<void> {
  const limit = pLimit(concurrency)
  const broken: UserError[] = []
  let done = 0
  try {
    await Promise.all(
      sources.map((source, i) =>
        limit(async () => {
          const pixels = await decode(source).catch((error: Error) => {
            if (!(error instanceof UserError)) throw error
            broken.push(error)
          })
          if (pixels) await take(pixels, i)
          update?.(++done)
        }),
      ),
    )
  } finally {
    limit.clearQueue()
  }
  if (broken.length > 0) throw allOf(broken, sources.length)
}

const named = 10

/** One message for all images that have to be replaced. */
function allOf(broken: UserError[], count: number): UserError {
  if (broken.length === 1) return broken[0]!
  const reasons = broken.map(({ fields }) => `${fields.where.replace(/^image /, '')} (${fields.got})`).sort()
  const more = reasons.length > named ? `; and ${reasons.length - named} more` : ''
  return new UserError({
    where: `${reasons.length} of ${count} images`,
    expected: broken[0]!.fields.expected,
    got: `${reasons.slice(0, named).join('; ')}${more}`,
    hint: 'Replace these images or take them out of the corpus.',
  })
}
