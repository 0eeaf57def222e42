import { loadavg } from 'node:os'
import type { Frame } from '../corpora/framing.ts'
import { exportDtypes, parseDtypes } from '../export/dtypes.ts'
import { type EdgeModel, edgeReport } from '../export/edge.ts'
import { type EdgeReport, writeEdgeReport } from '../export/edge-files.ts'
import { edgeGoals, presetIn } from '../export/edge-goals.ts'
import { findExport, formatsOf, modelName } from '../export/model-files.ts'
import type { ModelDtype } from '../models/onnx/dtypes.ts'
import { findTeacherFiles } from '../models/onnx/files.ts'
import { openOnnxFolder } from '../models/onnx/open-folder.ts'
import { provenance } from '../report/provenance.ts'
import { openRunData, requireNothingToMeasure, validationTasks } from '../run/run-data.ts'
import { teacherFolder } from '../run/shipped-teacher.ts'
import { writeSkipped } from '../run/skipped.ts'
import { trainedOn } from '../run/trained-on.ts'
import type { EdgeSettings } from './settings/edge.ts'

/**
 * Measures every format of an exported model on this machine, and its teacher beside it; writes edge.json and edge.md into the model's folder.
 * @throws UserError where there is no exported model, and for data that does not fit
 */
export async function measureEdge(config: EdgeSettings): Promise<{ report: EdgeReport; files: string[]; measured: boolean }> {
  const [load] = loadavg() as [number] // before this program adds to it
  const dir = findExport(config.model)
  const held = formatsOf(dir, config.dtype && parseDtypes(config.dtype))
  const formats = exportDtypes.filter((dtype) => held.includes(dtype)) // the most precise first
  const trained = await trainedOn(dir)
  const teacher = config.teacher ?? trained?.teacher
  const data = await openRunData(config, trained)
  if (!data) requireNothingToMeasure(config, config.model)
  const prepare: Prepare = async (frame) => data && validationTasks(data, frame, config.cacheDir)
  const models = [
    ...(await sideBySide('student', dir, formats, prepare)),
    ...(teacher ? await sideBySide('teacher', teacherFolder(teacher), await teacherFormats(teacherFolder(teacher)), prepare) : []),
  ]
  const rows = await edgeReport(models, { rounds: config.rounds })
  const presets = Object.fromEntries(await Promise.all(models.map(async (model) => [model.role, await presetIn(model.dir)] as const)))
  const { machine, versions } = provenance({ config, seed: 0 })
  const report = { schema: 1 as const, rows, goals: edgeGoals(rows, presets), load, machine, versions }
  await writeSkipped(dir, data?.open.corpus)
  return { report, files: await writeEdgeReport(dir, report), measured: data !== undefined }
}

type Prepare = (frame: Frame) => Promise<EdgeModel['tasks']>

async function sideBySide(role: EdgeModel['role'], dir: string, formats: (ModelDtype | undefined)[], prepare: Prepare): Promise<EdgeModel[]> {
  const encoder = await openOnnxFolder(dir, { dtype: formats[0], threads: 1 })
  await encoder.release()
  const tasks = await prepare(encoder)
  return formats.map((dtype) => ({ role, name: modelName(dir), dir, dtype, tasks }))
}

/** The teacher in its most precise format, and in q8 where its folder has that. */
async function teacherFormats(dir: string): Promise<(ModelDtype | undefined)[]> {
  const held: ModelDtype[] = []
  for (const dtype of exportDtypes) if (await findTeacherFiles(dir, dtype).catch(() => undefined)) held.push(dtype)
  return [held[0], ...(held.indexOf('q8') > 0 ? (['q8'] as const) : [])]
}
