import { parseDtypes } from '../export/dtypes.ts'
import type { ExportedFiles } from '../export/exported-files.ts'
import { parseMaxDrop } from '../export/gate.ts'
import { parseOutputs } from '../export/outputs.ts'
import { exportFolder } from '../export/package.ts'
import { frameOf } from '../models/dual-encoder.ts'
import { findModel } from '../models/find-model.ts'
import { readModelFolder } from '../models/folder.ts'
import { verifyModelFolder } from '../models/verify.ts'
import { cardData, reportIn } from '../run/card-data.ts'
import { openRunData, requireNothingToMeasure, thresholdTasks, validationTasks } from '../run/run-data.ts'
import { requireNoRun } from '../run/run-folder.ts'
import { writeSkipped } from '../run/skipped.ts'
import { trainedOn } from '../run/trained-on.ts'
import { calibrationSet } from './calibration.ts'
import type { ExportSettings } from './settings/export.ts'

/**
 * Writes a trained model as an ONNX folder, checked against the training graph, and by recall per language where its data is known.
 * @throws UserError for settings and data that do not fit, and where a format loses too much (exit code 3)
 */
export async function exportModel(config: ExportSettings): Promise<ExportedFiles & { measured: boolean }> {
  const { out, reduceRange, format, force } = config
  const dtypes = parseDtypes(config.dtype)
  const maxDrop = parseMaxDrop(config.maxDrop ?? [], dtypes)
  await requireNoRun('--out', out)
  const dir = findModel(config.model)
  await verifyModelFolder(dir)
  const model = await readModelFolder(dir)
  const frame = frameOf(model)
  const trained = await trainedOn(config.model)
  const data = await openRunData(config, trained)
  if (!data) requireNothingToMeasure(config, config.model, ['maxDrop']) // a gate that nothing passes through would seem to hold
  const tasks = data && (await validationTasks(data, frame, config.cacheDir))
  const files = await exportFolder(model, {
    ...{ out, reduceRange, force, dtypes, tokenizerDir: dir, ort: format === 'ort', outputs: parseOutputs(config.outputs) },
    gate: tasks && { tasks, maxDrop },
    thresholdTasks: data && (await thresholdTasks(data, frame, config.cacheDir, tasks)),
    keepFp32: config.keepFp32.join() === 'auto' ? 'auto' : config.keepFp32,
    calibration: data && (await calibrationSet(data, model, dtypes)),
    card: { ...(data ? cardData(data, trained) : {}), report: await reportIn(config.model) },
  })
  await writeSkipped(out, data?.open.corpus)
  return { ...files, measured: data !== undefined }
}
