import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { UserError } from '../../../base/errors.ts'
import { progress } from '../../../base/progress.ts'
import type { ImageSource } from '../../../corpora/sample.ts'
import { openFeatureFolder } from '../feature-folder.ts'
import { openStore } from '../feature-store.ts'
import type { ImageFeatures } from '../image-features.ts'
import { drawnBesidePlain, type FeatureOptions } from '../image-rows.ts'
import { type ImportedRows, rowsOfImages } from './rows.ts'

const blockRows = 512

/**
 * Copies the rows of a corpus' images into the cache, as unit vectors in float16, or finds what an earlier run copied.
 * @throws UserError for an image without a row, and for a row that has no direction: NaN, infinite or all zeros
 */
export async function importedFeatures(
  imported: ImportedRows,
  images: readonly ImageSource[],
  options: Pick<FeatureOptions, 'cacheDir' | 'variants' | 'seed' | 'policy'>,
): Promise<ImageFeatures> {
  const { width, id } = imported
  const rowOf = rowsOfImages(imported, images)
  const made = { imported: id, width, images: images.length, blockRows }
  const key = createHash('sha256').update(JSON.stringify(made)).update(rowOf).digest('hex')
  const dir = join(options.cacheDir, `features-imported-${key.slice(0, 16)}`)
  await openFeatureFolder(dir, { ...made, key })
  const store = await openStore([{ dir, kind: 'image', rows: images.length, width, blockRows }])
  const bar = progress('imported features', images.length, 'images')
  const make = async (from: number, to: number) => {
    const rows = Array.from(rowOf.subarray(from, to))
    return [normalized(await imported.read(rows), rows, imported)]
  }
  const [rows] = await store.complete(make, bar.update).finally(bar.stop)
  const read = (indices: Uint32Array) => rows!.read(indices)
  return { augmentation: drawnBesidePlain(options), images: read, plainImages: read }
}

/** Divides each row by its length, in place. */
function normalized(values: Float32Array, rows: readonly number[], { folder, ids, width }: ImportedRows): Float32Array {
  for (const [i, row] of rows.entries()) {
    const vector = values.subarray(i * width, (i + 1) * width)
    const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0))
    if (!(length > 0 && length < Number.POSITIVE_INFINITY)) {
      throw new UserError({
        where: `--features ${folder}, row of ${ids[row]}`,
        expected: 'finite numbers that are not all zero',
        got: length === 0 ? 'zeros' : Number.isNaN(length) ? 'NaN' : 'an infinite one',
        hint: 'Compute that row again, or take the image out of the corpus.',
      })
    }
    for (let k = 0; k < width; k++) vector[k]! /= length
  }
  return values
}
