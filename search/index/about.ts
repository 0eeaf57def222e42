import { basename, resolve } from 'node:path'
import { z } from 'zod'
import { UserError } from '../../base/errors.ts'
import { type FileFormat, formatSuffixes } from '../../models/onnx/dtypes.ts'
import { identifyModel, type ModelIdentity } from '../../models/open-model.ts'
import { type Database, textOf } from './database.ts'

/** How pictures become pixels; another way gives other embeddings. */
export const preprocessing = 'frame auto, on white, CLIP mean and deviation, one by one; 2'

const aboutSchema = z.object({
  /** Folder of the pictures, relative to the index's own. */
  folder: z.string(),
  /** The model's folder, to name it; what counts is the hash. */
  model: z.string(),
  hash: z.string(),
  dtype: z.enum(Object.keys(formatSuffixes) as FileFormat[]),
  preprocessing: z.string(),
  imageSize: z.int().positive(), // S
  embedDim: z.int().positive(), // E
  /** `filling` while the graph lacks pictures: nothing is searched by it then. */
  graph: z.enum(['none', 'filling', 'ready']),
  /** Share of the exact ten best that the graph finds, measured when it was last filled. */
  recall: z.object({ pictures: z.number(), words: z.number(), queries: z.int() }).optional(),
})

/** What an index was made with. */
export type About = z.output<typeof aboutSchema>

export function writeAbout(db: Database, about: About): void {
  db.run('INSERT OR REPLACE INTO about (id, json) VALUES (1, ?)', [JSON.stringify(about)])
}

/** @throws UserError when what stands there is damaged; undefined where nothing was indexed yet */
export function readAbout(db: Database): About | undefined {
  const [row] = db.all('SELECT CAST(json AS BLOB) AS json FROM about')
  if (!row) return undefined
  const parsed = aboutSchema.safeParse(parse(textOf(db, row.json)))
  if (parsed.success) return parsed.data
  const got = parsed.error.issues[0]!.message
  throw new UserError({ where: db.file, expected: 'an intact search index', got, hint: 'Delete the file and run index again.' })
}

/**
 * Finds the number format in which `model` is the one that an index was made with: the one asked for, else the model's default
 * or the index's own.
 * @throws UserError when it is another model or another format, naming what differs
 */
export async function requireSameModel(about: About, file: string, model: string, dtype?: FileFormat): Promise<FileFormat | undefined> {
  const first = await identifyModel(model, dtype)
  if (isSame(about, first)) return requireSamePixels(about, file, dtype)
  // A folder without the index's format may well hold another model: then the first difference is the one to tell of.
  const other =
    dtype ??
    (await identifyModel(model, about.dtype).then(
      (stored) => (isSame(about, stored) ? about.dtype : undefined),
      () => undefined,
    ))
  if (!dtype && other) return requireSamePixels(about, file, other)
  const named = (name: string, { hash, dtype }: ModelIdentity) => `${name} (${dtype}, ${hash})`
  throw new UserError({
    where: file,
    expected: `the model that the index was made with, ${named(about.model, about)}`,
    got: named(basename(resolve(model)), first),
    hint: 'Embeddings of two models cannot be compared: name that model, or make a new index with another --out or with --force.',
  })
}

function isSame(about: About, { hash, dtype }: ModelIdentity): boolean {
  return about.hash === hash && about.dtype === dtype
}

function requireSamePixels<T>(about: About, file: string, result: T): T {
  if (about.preprocessing === preprocessing) return result
  const hint = 'This version makes other pixels of a picture: make the index anew with index --force.'
  throw new UserError({ where: file, expected: `pictures prepared as "${preprocessing}"`, got: `"${about.preprocessing}"`, hint })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
