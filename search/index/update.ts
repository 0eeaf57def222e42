import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import pLimit from 'p-limit'
import { UserError } from '../../base/errors.ts'
import { withLock } from '../../base/lock.ts'
import { progress } from '../../base/progress.ts'
import { readRegularFile } from '../../base/regular-file.ts'
import { type ImageFolder, listImages } from '../../corpora/image-files.ts'
import { writePixelValues } from '../../corpora/pixel-values.ts'
import type { Encoder } from '../../models/encoder.ts'
import type { FileFormat } from '../../models/onnx/dtypes.ts'
import { identifyModel, openModel } from '../../models/open-model.ts'
import { verifyModel } from '../../models/verify.ts'
import { chunkSize, tryDecode } from '../try-decode.ts'
import { type About, preprocessing, readAbout, requireSameModel, writeAbout } from './about.ts'
import { fillBlocks } from './blocks.ts'
import { type Database, openDatabase, removeDatabase, replaceDatabase, requireIndexFile } from './database.ts'
import { exportIndex } from './export.ts'
import type { ExportFormat } from './export-formats.ts'
import { createGraph, dropGraph, fillGraph } from './graph.ts'
import { measureRecall } from './recall.ts'
import { countImages, type Embedded, type FileState, faultsOf, fileStates, findByHash, putFile, removeFile, schema, touchFile } from './store.ts'

export interface IndexRequest {
  /** Anything openModel takes. */
  model: string
  /** Folder of pictures, with its subfolders. */
  images: string
  /** Index file. */
  out: string
  dtype?: FileFormat
  /** Whether a graph is kept; default: as the index has it, a new one has none. */
  approximate?: boolean
  /** Measure the graph's recall even if nothing changed. */
  measure?: boolean
  /** Replace an index of another folder or model. */
  force?: boolean
  /** Write the images out for another database, too (exportIndex). */
  export?: ExportFormat
}

export interface IndexReply {
  file: string
  model: string
  dtype: FileFormat
  images: number
  added: number
  changed: number
  deleted: number
  unchanged: number
  skipped: { path: string; reason: string }[]
  /** Of an approximate index. */
  recall?: About['recall']
  /** The file that `export` asked for. */
  exported?: string
}

/**
 * Brings an index into step with a folder: embeds files that are new or changed, forgets those that are gone. Size and time of change
 * tell which files to look at, a hash of the bytes whether they changed. Every piece is one transaction: a process killed at any
 * moment leaves an index that is right as far as it goes, and the next call goes on from there.
 * @throws UserError for a folder without images, an index of another folder or model, a damaged one, `measure` where no graph is kept, where another
 *   process updates the same index, and as openModel does
 */
export async function updateIndex(request: IndexRequest): Promise<IndexReply> {
  const { model, images, out, force } = request
  if (force || !existsSync(out)) requireGraph(request, false)
  const folder = await listImages(images)
  await verifyModel(model, { dtype: request.dtype, required: false })
  const { hash } = await identifyModel(model, request.dtype)
  return await withLock(`${out}.lock`, out, async () => {
    const reply = await update(request, folder, hash)
    return request.export ? { ...reply, exported: await exportIndex(out, request.export) } : reply
  })
}

/** With `force` the index is made beside the old one, which stays until the new one is whole. */
async function update(request: IndexRequest, folder: ImageFolder, hash: string): Promise<IndexReply> {
  const { out, force } = request
  const fresh = `${out}.unfinished`
  await removeDatabase(fresh) // of a call that was killed
  if (!force) return await follow(request, folder, hash)
  await requireIndexFile(out)
  try {
    const reply = await follow({ ...request, out: fresh }, folder, hash)
    await replaceDatabase(fresh, out)
    return { ...reply, file: out }
  } catch (error) {
    await removeDatabase(fresh)
    throw error
  }
}

async function follow(request: IndexRequest, { paths, skipped }: ImageFolder, hash: string): Promise<IndexReply> {
  const { model, images, out } = request
  let opened: Encoder | undefined
  let db: Database | undefined
  try {
    db = await openDatabase(out, schema)
    const known = readAbout(db)
    if (known) {
      requireIntact(db)
      requireSameFolder(db, known, images)
      requireGraph(request, known.graph !== 'none')
    }
    const dtype = known ? await requireSameModel(known, out, model, request.dtype) : request.dtype
    const encoder = async () => (opened ??= await openModel(model, dtype))
    const about = known ?? (await describe(await encoder(), { ...request, hash }))
    if (!known) writeAbout(db, about)

    const plan = await compare(images, paths, fileStates(db), skipped)
    const embedded = await apply(db, images, plan, about, encoder)
    fillBlocks(db, about.embedDim)
    const recall = await settleGraph(db, request, encoder)
    const { images: count } = countImages(db)
    const { model: name, dtype: format } = about
    const { added, changed } = embedded
    return {
      file: out,
      model: name,
      dtype: format,
      images: count,
      added,
      changed,
      deleted: plan.gone.length,
      unchanged: paths.length - added - changed,
      skipped: [...skipped, ...faultsOf(db).map(({ path, reason }) => ({ path: join(images, path), reason }))],
      recall,
    }
  } finally {
    db?.close()
    await opened?.release()
  }
}

interface Plan {
  /** Files of which size or time differ from what stands in the index, and new ones. */
  look: (FileState & { known?: string })[]
  gone: string[]
}

async function compare(
  folder: string,
  paths: string[],
  known: Map<string, FileState & { hash: string }>,
  skipped: ImageFolder['skipped'],
): Promise<Plan> {
  const limit = pLimit(16)
  const states = await Promise.all(paths.map((path) => limit(() => stateOf(folder, path))))
  const there = states.filter((state) => state !== undefined)
  const names = new Set(there.map(({ path }) => path))
  const unseen = skipped.map(({ path }) => `${nameOf(folder, path)}/`)
  const differs = ({ path, size, mtime }: FileState) => known.get(path)?.size !== size || known.get(path)?.mtime !== mtime
  return {
    look: there.filter(differs).map((state) => ({ ...state, known: known.get(state.path)?.hash })),
    gone: [...known.keys()].filter((path) => !names.has(path) && !unseen.some((part) => path.startsWith(part))),
  }
}

/** Undefined for a file that was deleted while the folder was listed. */
async function stateOf(folder: string, path: string): Promise<FileState | undefined> {
  const info = await stat(path, { bigint: true }).catch(() => undefined)
  if (!info?.isFile()) return undefined
  return { path: nameOf(folder, path), size: Number(info.size), mtime: String(info.mtimeNs) }
}

function nameOf(folder: string, path: string): string {
  return relative(folder, path).split(sep).join('/')
}

async function apply(db: Database, folder: string, { look, gone }: Plan, about: About, encoder: () => Promise<Encoder>) {
  const done = { added: 0, changed: 0 }
  if (look.length + gone.length === 0) return done
  // Until it is filled again, the graph knows images that are gone and misses new ones.
  const leaveGraph = () => about.graph === 'ready' && writeAbout(db, { ...about, graph: 'filling' })
  const forget = () =>
    db.transaction(() => {
      for (const path of gone) removeFile(db, path)
      if (gone.length > 0) leaveGraph()
    })
  if (look.length === 0) {
    forget()
    return done
  }
  const bar = progress('index', look.length, 'images')
  const limit = pLimit(4)
  try {
    for (let from = 0; from < look.length; from += chunkSize) {
      const chunk = look.slice(from, from + chunkSize)
      const read = await Promise.all(chunk.map((file) => limit(() => readHashed(folder, file))))
      const results: (Embedded | undefined)[] = []
      const fresh = new Map<string, Embedded>() // copies of one picture
      for (const [i, { hash, bytes, reason }] of read.entries()) {
        const { path, known } = chunk[i]!
        if (bytes === undefined)
          results.push(known === '' ? undefined : { fault: reason }) // '': it could not be read the last time, either
        else if (hash === known) results.push(undefined)
        else {
          const embedded = findByHash(db, hash, about.embedDim) ?? fresh.get(hash) ?? (await embed(await encoder(), path, bytes))
          fresh.set(hash, embedded)
          results.push(embedded)
        }
      }
      db.transaction(() => {
        for (const [i, embedded] of results.entries()) {
          if (embedded) putFile(db, read[i]!, read[i]!.hash, embedded)
          else touchFile(db, read[i]!)
        }
        if (results.some((embedded) => embedded)) leaveGraph()
      })
      for (const [i, embedded] of results.entries()) if (embedded) done[chunk[i]!.known === undefined ? 'added' : 'changed']++
      bar.update(from + chunk.length)
    }
    forget() // last: a file that was moved takes its embedding from its old place
  } finally {
    bar.stop()
  }
  return done
}

type ReadFile = FileState & { hash: string } & ({ bytes: Buffer; reason?: undefined } | { bytes?: undefined; reason: string })

/** A file that cannot be read has a place in the index, too; without a time, so that the next call tries it again. */
async function readHashed(folder: string, state: FileState): Promise<ReadFile> {
  try {
    const bytes = await readRegularFile(join(folder, state.path))
    return { ...state, hash: createHash('sha256').update(bytes).digest('hex'), bytes }
  } catch (error) {
    return { ...state, mtime: '', hash: '', reason: (error as Error).message }
  }
}

/** Alone, not in a batch: quantized models choose their ranges per call, and an embedding must follow from its picture only. */
async function embed(encoder: Encoder, path: string, bytes: Buffer): Promise<Embedded> {
  const { imageSize: size } = encoder
  const image = await tryDecode(path, async () => bytes, encoder)
  if ('reason' in image) return { fault: image.reason }
  const pixels = new Float32Array(3 * size * size)
  writePixelValues(image.rgba, size, pixels, 0)
  return { vector: await encoder.encodeImages(pixels, 1) }
}

/** Fills, leaves or drops the graph, as asked for. Returns its recall. */
async function settleGraph(db: Database, { approximate, measure }: IndexRequest, encoder: () => Promise<Encoder>): Promise<About['recall']> {
  const about = readAbout(db)!
  if (!(approximate ?? about.graph !== 'none')) {
    if (about.graph === 'none') return undefined
    db.transaction(() => {
      dropGraph(db)
      writeAbout(db, { ...about, graph: 'none', recall: undefined })
    })
    return undefined
  }
  if (about.graph === 'ready' && !measure) return about.recall
  db.transaction(() => {
    createGraph(db, about.embedDim)
    writeAbout(db, { ...about, graph: 'filling' })
  })
  fillGraph(db)
  const recall = countImages(db).images > 0 ? await measureRecall(db, await encoder()) : undefined
  writeAbout(db, { ...about, graph: 'ready', recall })
  return recall
}

async function describe(encoder: Encoder, { model, dtype, images, out, hash }: IndexRequest & { hash: string }): Promise<About> {
  const { imageSize, embedDim } = encoder
  const { dtype: format } = await identifyModel(model, dtype)
  const folder = relative(dirname(resolve(out)), resolve(images)) || '.'
  return { folder, model: basename(resolve(model)), hash, dtype: format, preprocessing, imageSize, embedDim, graph: 'none' }
}

function requireSameFolder(db: Database, about: About, images: string): void {
  const folder = resolve(dirname(resolve(db.file)), about.folder)
  if (folder === resolve(images)) return
  const hint = 'Name that folder, another file with --out, or replace the index with --force.'
  throw new UserError({ where: db.file, expected: `the folder that the index is of, ${folder}`, got: resolve(images), hint })
}

function requireGraph({ out, approximate, measure }: IndexRequest, has: boolean): void {
  if (!measure || (approximate ?? has)) return
  const hint = 'An exact search misses nothing; --approximate makes a graph.'
  throw new UserError({ where: out, expected: 'an approximate index to --measure', got: 'an exact one', hint })
}

function requireIntact(db: Database): void {
  const [row] = db.all('SELECT CAST(quick_check AS BLOB) AS answer FROM pragma_quick_check(1)') // it may quote what is not text
  const answer = row?.answer instanceof ArrayBuffer ? Buffer.from(row.answer).toString() : 'no answer'
  if (answer === 'ok') return
  throw new UserError({ where: db.file, expected: 'an intact search index', got: answer, hint: 'Delete the file and run index again.' })
}
