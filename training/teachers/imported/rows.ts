import { UserError } from '../../../base/errors.ts'
import type { ImageSource } from '../../../corpora/sample.ts'

/** A teacher's features of plain images, as another program computed them. */
export interface ImportedRows {
  folder: string
  /** A digest of the files' names, sizes and times. */
  id: string
  width: number
  /** What each row is of: a path or key. */
  ids: readonly string[]
  /** → [rows.length, width], not normalized. Throws UserError for files that changed since they were opened. */
  read(rows: readonly number[]): Promise<Float32Array>
}

/** How ids and images' keys may be compared, the strictest first. */
const forms: { name: string; of(id: string): string }[] = [
  { name: 'as they are', of: (id) => id },
  { name: 'without the ending', of: withoutEnding },
  { name: "by the file's name alone", of: (id) => withoutEnding(id.slice(id.lastIndexOf('/') + 1)) },
]

/**
 * Finds the row of each image, by its key as it is, without its ending, or by its file's name: the first way in which every image has a row. [N]
 * @throws UserError where none does, and for two rows of one image
 */
export function rowsOfImages({ folder, ids }: ImportedRows, images: readonly ImageSource[]): Uint32Array {
  let best: { lacking: string[]; form: string } | undefined
  for (const { name, of } of forms) {
    const wanted = new Set(images.map(({ key }) => of(key)))
    if (wanted.size < images.length) continue // two images would share a row
    const rows = new Map<string, number>()
    for (const [row, id] of ids.entries()) {
      const form = of(id)
      if (!wanted.has(form)) continue
      if (rows.has(form)) throw twoRows(folder, ids, rows.get(form)!, row)
      rows.set(form, row)
    }
    const lacking = images.filter(({ key }) => !rows.has(of(key))).map(({ key }) => key)
    if (lacking.length === 0) return Uint32Array.from(images, ({ key }) => rows.get(of(key))!)
    if (!best || lacking.length < best.lacking.length) best = { lacking, form: name }
  }
  const { lacking, form } = best!
  const some = `${lacking.slice(0, 3).join(', ')}${lacking.length > 3 ? ', …' : ''}`
  throw new UserError({
    where: `--features ${folder}`,
    expected: `a row for each of ${images.length} images`,
    got: `none for ${lacking.length} of them (ids compared ${form}): ${some}; an id of the files is ${ids[0] ?? 'missing'}`,
    hint: 'Write ids as the corpus names its images, or take the images without features out of it.',
  })
}

function withoutEnding(id: string): string {
  return id.replace(/\.[^./]+$/, '')
}

function twoRows(folder: string, ids: readonly string[], first: number, second: number): UserError {
  return new UserError({
    where: `--features ${folder}`,
    expected: 'one row for an image',
    got: `rows ${first} and ${second}: ${ids[first]} and ${ids[second]}`,
    hint: 'Leave one of them out.',
  })
}
