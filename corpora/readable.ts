import pLimit from 'p-limit'
import { UserError } from '../base/errors.ts'
import { progress } from '../base/progress.ts'
import type { OnBadRow } from './bad-row.ts'
import { everySample } from './every-sample.ts'
import { decodeImage } from './images.ts'
import type { Corpus, ImageSource, Sample, Split } from './sample.ts'
import type { TableCorpus } from './table.ts'

/** Small: whether a picture can be decoded does not depend on its size. */
const size = 16

/**
 * The corpus without pictures that cannot be decoded; every one is decoded to see. `onBad` gets their errors, with the place of the row.
 * @throws UserError where no picture is left
 */
export async function readableCorpus(file: string, corpus: TableCorpus, onBad: OnBadRow): Promise<Corpus> {
  const found: { sample: Sample; split: Split }[] = []
  for await (const one of everySample(corpus)) found.push(one)
  const errors = await decodeErrors(found.map(({ sample }) => sample.image))
  for (const [i, error] of errors.entries()) if (error) onBad(placed(error, corpus.placeOf(found[i]!.sample.id)))
  const kept = found.filter((_, i) => !errors[i])
  if (kept.length === 0) {
    const hint = 'Check the folder of the images, or see distilingual check.'
    throw new UserError({ where: file, expected: 'pictures that can be decoded', got: `none of ${found.length}`, hint })
  }
  return {
    ...corpus,
    splits: corpus.splits.filter((split) => kept.some((one) => one.split === split)),
    async *samples(split) {
      for (const one of kept) if (one.split === split) yield one.sample
    },
    languagesOf: (split) => corpus.languages.filter((language) => kept.some((one) => one.split === split && one.sample.captions[language]?.length)),
  }
}

/** Decodes pictures and says of each why it cannot be. */
export async function decodeErrors(images: readonly ImageSource[]): Promise<(UserError | undefined)[]> {
  const bar = progress('pictures', images.length, 'images')
  const limit = pLimit(4)
  let done = 0
  return await limit
    .map(images, async (image) => {
      const error = await decodeImage(image, size).then(
        () => undefined,
        (thrown: unknown) => thrown,
      )
      bar.update(++done)
      if (error !== undefined && !(error instanceof UserError)) throw error
      return error
    })
    .finally(bar.stop)
}

function placed({ fields: { where: image, expected, got, hint } }: UserError, row: string): UserError {
  return new UserError({ where: `${row}, ${image}`, expected, got, hint })
}
