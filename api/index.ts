/** The functions of the npm package. Each imports what it works with when it is called. */
import type { z } from 'zod'
import { UserError } from '../base/errors.ts'
import { type ProgressEvent, type Watch, watched } from '../base/watch.ts'
import type { ExportedFiles, FileSizes, Parity, RecallRow } from '../export/exported-files.ts'
import type { FileFormat } from '../models/onnx/dtypes.ts'
import type { Report } from '../report/schema.ts'
import type { SearchReply } from '../search/search-folder.ts'
import { usualAlike } from '../search/usual-alike.ts'
import type { distillSettings } from '../stages/settings/distill.ts'
import type { evaluateSettings } from '../stages/settings/evaluate.ts'
import type { exportSettings } from '../stages/settings/export.ts'
import type { Model } from './model.ts'

export type { ExportedFiles, FileFormat, FileSizes, Model, Parity, ProgressEvent, RecallRow, Report, SearchReply, Watch }
export { UserError }

/** Settings of the command `distill`, whose flags they are: `{ corpus: 'photos.csv', stage1: { steps: 600 } }`. */
export type DistillOptions = z.input<typeof distillSettings>
/** Settings of the command `evaluate`. */
export type EvaluateOptions = z.input<typeof evaluateSettings>
/** Settings of the command `export`. */
export type ExportOptions = z.input<typeof exportSettings>

export interface OpenOptions {
  /** Number format of an exported model; default: the most precise there is. */
  dtype?: FileFormat
}

export interface SearchOptions extends OpenOptions {
  /** Folder of an export, of a run, or of a model in Hugging Face layout. */
  model: string
  /** Folder of pictures, searched with its subfolders. */
  images: string
  /** In any language of the model. */
  query: string
  /** Results; default: 10. */
  top?: number
  /**
   * Near duplicates take one place of the results, as the `alike` of its best picture: those at least this alike, where 0 is as alike as two pictures of the
   * folder usually are, and 1 gives each its own place; default: 0.85.
   */
  alike?: number
}

/** A report and the files that it was written to. */
export interface Measured {
  report: Report
  files: string[]
}

/**
 * The main job: teacher features → stage 1 → stage 2 → ONNX export → evaluation per language, all in the run folder `out`.
 * @returns the report of teacher and student
 * @throws UserError for settings and data that do not fit, before anything is trained
 */
export async function distill(options: DistillOptions = {}, watch: Watch = {}): Promise<Measured> {
  const [{ distill }, { distillSettings }] = await Promise.all([import('../stages/distill.ts'), import('../stages/settings/distill.ts')])
  return run('distill', distillSettings, options, watch, distill)
}

/**
 * Measures a model per language, beside its teacher where one is named, and writes the report to `out`.
 * @throws UserError for settings, data and models that do not fit, before anything is measured
 */
export async function evaluate(options: EvaluateOptions, watch: Watch = {}): Promise<Measured> {
  const [{ evaluate }, { evaluateSettings }] = await Promise.all([import('../stages/evaluate.ts'), import('../stages/settings/evaluate.ts')])
  return run('evaluate', evaluateSettings, options, watch, evaluate)
}

/**
 * Writes a trained model as an ONNX folder for transformers.js, checked against the training graph, and by recall per language where its data is known.
 * @returns sizes, agreement and recall of each number format; `measured` says whether recall is among them
 * @throws UserError for settings and data that do not fit, and where a format loses too much
 */
export async function exportModel(options: ExportOptions, watch: Watch = {}): Promise<ExportedFiles & { measured: boolean }> {
  const [{ exportModel }, { exportSettings }] = await Promise.all([import('../stages/export.ts'), import('../stages/settings/export.ts')])
  return run('export', exportSettings, options, watch, exportModel)
}

/**
 * Opens any folder with a model: an export (ONNX), a run, or a model in Hugging Face layout. Release it when done.
 * @throws UserError when the folder holds no model, or none in that format
 */
export async function openModel(dir: string, { dtype }: OpenOptions = {}): Promise<Model> {
  const [{ openModel }, { modelOf }] = await Promise.all([import('../models/open-model.ts'), import('./model-of.ts')])
  return modelOf(await openModel(dir, dtype))
}

/**
 * Finds the pictures of a folder that fit a text best: exact, by cosine. Files that cannot be read are listed, not fatal.
 * @throws UserError for an empty query, a folder without pictures that can be read, and as openModel does
 */
export async function searchFolder({ top = 10, alike = usualAlike, ...request }: SearchOptions, watch: Watch = {}): Promise<SearchReply> {
  const { searchImages } = await import('../search/search-folder.ts')
  return watched(watch, () => searchImages({ ...request, top, alike }))
}

/** Checks settings and begins as the command does, then works. */
async function run<S extends z.ZodObject, T>(
  name: string,
  schema: S,
  given: z.input<S>,
  watch: Watch,
  work: (config: z.output<S>) => Promise<T>,
): Promise<T> {
  const [{ checkedSettings }, { prepare }] = await Promise.all([import('./settings.ts'), import('../run/prepare.ts')])
  const config = checkedSettings(name, schema, given)
  return watched(watch, async () => {
    await prepare(schema, config)
    return work(config)
  })
}
