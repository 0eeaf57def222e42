import { loadavg } from 'node:os'
import { z } from 'zod'
import { exportDtypes, parseDtypes } from '../export/dtypes.ts'
import { type EdgeModel, edgeReport } from '../export/edge.ts'
import { edgeMarkdown, writeEdgeReport } from '../export/edge-files.ts'
import { edgeGoals, presetIn } from '../export/edge-goals.ts'
import { findExport, formatsOf, modelName } from '../export/model-files.ts'
import type { ModelDtype } from '../models/onnx/dtypes.ts'
import { findTeacherFiles } from '../models/onnx/files.ts'
import { openOnnxFolder } from '../models/onnx/open-folder.ts'
import { provenance } from '../report/provenance.ts'
import { openRunData, requireNothingToMeasure, validationTasks } from '../run/run-data.ts'
import { trainedOn } from '../run/trained-on.ts'
import type { Command } from './command.ts'
import { dataOptions, runOptions, teacherFolder } from './options.ts'

const schema = z.object({
  model: z.string().describe('folder of an exported model, or of a run that has one'),
  teacher: z.string().optional().describe("ONNX folder to measure beside it (default: the run's teacher, if the folder is in a run)"),
  dtypes: z.array(z.string()).min(1).optional().describe('number formats of the model (default: all that the folder has)'),
  ...dataOptions,
  rounds: z.int().min(10).default(100).describe('timed runs of each model'),
  cacheDir: runOptions.cacheDir,
})

export const edge: Command<typeof schema> = {
  name: 'edge',
  description: 'Measure an exported model on this machine: size, latency, memory and recall of every format, the teacher beside it.',
  schema,
  positional: 'model',
  examples: ['edge runs/distill', 'edge dist/emoji --corpus emoji --teacher models/teachers/emoji-en-zh'],
  async run(config) {
    const [load] = loadavg() as [number] // before this program adds to it
    const dir = findExport(config.model)
    const held = formatsOf(dir, config.dtypes && parseDtypes(config.dtypes))
    const formats = exportDtypes.filter((dtype) => held.includes(dtype)) // the most precise first
    const trained = await trainedOn(dir)
    const teacher = config.teacher ?? trained?.teacher
    const data = await openRunData(config, trained)
    if (!data) requireNothingToMeasure(config, config.model)
    const prepare: Prepare = async (imageSize) => data && validationTasks(data, imageSize, config.cacheDir)
    const models = [
      ...(await sideBySide('student', dir, formats, prepare)),
      ...(teacher ? await sideBySide('teacher', teacherFolder(teacher), await teacherFormats(teacherFolder(teacher)), prepare) : []),
    ]
    const rows = await edgeReport(models, { rounds: config.rounds })
    const presets = Object.fromEntries(await Promise.all(models.map(async (model) => [model.role, await presetIn(model.dir)] as const)))
    const { machine, versions } = provenance({ config, seed: 0 })
    const report = { schema: 1 as const, rows, goals: edgeGoals(rows, presets), load, machine, versions }
    console.log(edgeMarkdown(report))
    console.log(`\n${(await writeEdgeReport(dir, report)).join('\n')}`)
    if (!data) console.log('Recall was not measured: name a --corpus.')
  },
}

type Prepare = (imageSize: number) => Promise<EdgeModel['tasks']>

async function sideBySide(role: EdgeModel['role'], dir: string, formats: (ModelDtype | undefined)[], prepare: Prepare): Promise<EdgeModel[]> {
  const { imageSize, release } = await openOnnxFolder(dir, { dtype: formats[0], threads: 1 })
  await release()
  const tasks = await prepare(imageSize)
  return formats.map((dtype) => ({ role, name: modelName(dir), dir, dtype, tasks }))
}

/** The teacher in its most precise format, and in q8 where its folder has that. */
async function teacherFormats(dir: string): Promise<(ModelDtype | undefined)[]> {
  const held: ModelDtype[] = []
  for (const dtype of exportDtypes) if (await findTeacherFiles(dir, dtype).catch(() => undefined)) held.push(dtype)
  return [held[0], ...(held.indexOf('q8') > 0 ? (['q8'] as const) : [])]
}
